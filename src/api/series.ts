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
const IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * Decode a series from its wire form.
 *
 * @throws ApiError when the bytes are something else.
 */
export function decodeSeries(buffer: ArrayBuffer): ISeries {
  return decodeAt(buffer, 0).series;
}

/**
 * Decode all of the series that stand one behind the other.
 *
 * @throws ApiError when the bytes are something else.
 */
export function decodeMany(buffer: ArrayBuffer): ISeries[] {
  const found: ISeries[] = [];
  for (let at = 0; at < buffer.byteLength;) {
    const { series, end } = decodeAt(buffer, at);
    found.push(series);
    at = end;
  }
  return found;
}

/** The series that begins at a place, and where it ends. */
function decodeAt(
  buffer: ArrayBuffer,
  at: number
): { series: ISeries; end: number } {
  const { header, start } = readHeader(buffer, at);
  const size = header.points * Float64Array.BYTES_PER_ELEMENT;
  const end = start + size * header.columns.length;
  if (buffer.byteLength < end) {
    throw corrupt();
  }
  const columns: Record<string, Float64Array> = {};
  header.columns.forEach((name, i) => {
    columns[name] = readColumn(buffer, start + i * size, header.points);
  });
  const { name, count, points } = header;
  return { series: { name, count, points, columns }, end };
}

/** What stands before the columns of the series at a place, and where they start. */
function readHeader(
  buffer: ArrayBuffer,
  at: number
): { header: IHeader; start: number } {
  const magic = new Uint8Array(buffer.slice(at, at + MAGIC.length));
  if (
    buffer.byteLength < at + PREFIX_BYTES ||
    String.fromCharCode(...magic) !== MAGIC
  ) {
    throw corrupt();
  }
  const length = new DataView(buffer).getUint32(at + MAGIC.length, true);
  const start = at + PREFIX_BYTES + length;
  const bytes = buffer.slice(at + PREFIX_BYTES, start);
  try {
    return { header: JSON.parse(new TextDecoder().decode(bytes)), start };
  } catch {
    throw corrupt();
  }
}

/** A column where it lies in the answer; it is copied only where the machine or the place forbids looking at it. */
function readColumn(
  buffer: ArrayBuffer,
  start: number,
  points: number
): Float64Array {
  if (IS_LITTLE_ENDIAN && start % 8 === 0) {
    return new Float64Array(buffer, start, points);
  }
  const view = new DataView(buffer, start, points * 8);
  return Float64Array.from({ length: points }, (_, i) =>
    view.getFloat64(i * 8, true)
  );
}

function corrupt(): ApiError {
  return new ApiError('corrupt_data', 'The answer is not a metric series.');
}
