/**
 * The wire form of a series, written as jupyter_mlws/api/series.py writes it; times are the steps where none are given.
 */
export function encodeSeries(
  name: string,
  count: number,
  given: Record<string, number[]>
): ArrayBuffer {
  const columns: Record<string, number[]> = { time: given.step, ...given };
  const names = Object.keys(columns);
  const points = columns[names[0]].length;
  let header = JSON.stringify({ name, count, points, columns: names });
  const encoder = new TextEncoder();
  while (encoder.encode(header).length % 8 !== 0) {
    header += ' ';
  }
  const headerBytes = encoder.encode(header);
  const buffer = new ArrayBuffer(
    16 + headerBytes.length + names.length * points * 8
  );
  const bytes = new Uint8Array(buffer);
  bytes.set(encoder.encode('MLWSSER1'));
  bytes.set(headerBytes, 16);
  const view = new DataView(buffer);
  view.setUint32(8, headerBytes.length, true);
  let at = 16 + headerBytes.length;
  for (const name of names) {
    for (const value of columns[name]) {
      view.setFloat64(at, value, true);
      at += 8;
    }
  }
  return buffer;
}
