import { ApiError } from './request';

/**
 * A piece of a metric series as it travels: little-endian float64 columns behind a small JSON header.
 *
 * The layout is told in jupyter_mlws/api/series.py.
 */
export interface ISeries {
  readonly name: string;
  /** Number of points of the whole series: the cursor of the next read. */
  readonly count: number;
  /** Number of points in each column. */
  readonly points: number;
  readonly columns: Readonly<Record<string, Float64Array>>;
}

interface IHeader {
  name: string;
  count: number;
  points: number;
  columns: string[];
}

const MAGIC = 'MLWSSER1';
const PREFIX_BYTES = 16;

/**
 * Decode a series from its wire form.
 *
 * @throws ApiError when the bytes are something else.
 */
export function decodeSeries(buffer: ArrayBuffer): ISeries {
  const header = readHeader(buffer);
  const start = PREFIX_BYTES + headerLength(buffer);
  const size = header.points * Float64Array.BYTES_PER_ELEMENT;
  if (buffer.byteLength < start + size * header.columns.length) {
    throw corrupt();
  }
  const columns: Record<string, Float64Array> = {};
  header.columns.forEach((name, i) => {
    columns[name] = readColumn(buffer, start + i * size, header.points);
  });
  return {
    name: header.name,
    count: header.count,
    points: header.points,
    columns
  };
}

function readHeader(buffer: ArrayBuffer): IHeader {
  const magic = new Uint8Array(buffer.slice(0, MAGIC.length));
  if (
    buffer.byteLength < PREFIX_BYTES ||
    String.fromCharCode(...magic) !== MAGIC
  ) {
    throw corrupt();
  }
  const bytes = buffer.slice(PREFIX_BYTES, PREFIX_BYTES + headerLength(buffer));
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw corrupt();
  }
}

function headerLength(buffer: ArrayBuffer): number {
  return new DataView(buffer).getUint32(MAGIC.length, true);
}

function readColumn(
  buffer: ArrayBuffer,
  start: number,
  points: number
): Float64Array {
  const view = new DataView(buffer, start, points * 8);
  return Float64Array.from({ length: points }, (_, i) =>
    view.getFloat64(i * 8, true)
  );
}

function corrupt(): ApiError {
  return new ApiError('corrupt_data', 'The answer is not a metric series.');
}
