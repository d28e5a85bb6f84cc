import { Num, toNumber } from '../api';

/** A file of the run that a value names. */
export interface IValueFile {
  readonly file: string;
  readonly mediaType: string;
}

/** A histogram: one edge more than counts, which rise. */
export interface ICounted {
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  /** How many values were none, or infinite. */
  readonly leftOut: number;
}

export interface ISound extends IValueFile {
  readonly sampleRate: number;
  readonly channels: number;
  readonly seconds: number;
}

/** A figure: what it is drawn from, or a picture of it, or both. */
export interface IFigure extends IValueFile {
  readonly picture: IValueFile | null;
  readonly width: number;
  readonly height: number;
}

/** A large table, of which pages are asked for. */
export interface ITableFile extends IValueFile {
  readonly rowCount: number;
}

const MAX_BINS = 1000;

export function readText(value: unknown): string | null {
  const text = recordOf(value)?.text;
  return typeof text === 'string' ? text : null;
}

export function readHistogram(value: unknown): ICounted | null {
  const data = recordOf(value);
  const edges = numbersOf(data?.edges);
  const counts = numbersOf(data?.counts);
  return edges !== null &&
    counts !== null &&
    counts.length > 0 &&
    counts.length <= MAX_BINS &&
    edges.length === counts.length + 1 &&
    counts.every(it => it >= 0) &&
    edges.every((edge, i) => i === 0 || edge > edges[i - 1])
    ? { edges, counts, leftOut: numberOf(data?.left_out) }
    : null;
}

export function readSound(value: unknown): ISound | null {
  const file = fileOf(value);
  const data = recordOf(value);
  return (
    file && {
      ...file,
      sampleRate: numberOf(data?.sample_rate),
      channels: numberOf(data?.channels),
      seconds: numberOf(data?.duration_s)
    }
  );
}

export function readFigure(value: unknown): IFigure | null {
  const file = fileOf(value);
  const data = recordOf(value);
  if (file === null || data === null) {
    return null;
  }
  const picture =
    typeof data.picture === 'string' && typeof data.picture_type === 'string'
      ? { file: data.picture, mediaType: data.picture_type }
      : null;
  return {
    ...file,
    picture,
    width: numberOf(data.width),
    height: numberOf(data.height)
  };
}

export function readTableFile(value: unknown): ITableFile | null {
  const file = fileOf(value);
  return file && { ...file, rowCount: numberOf(recordOf(value)?.rows) };
}

function fileOf(value: unknown): IValueFile | null {
  const data = recordOf(value);
  return typeof data?.file === 'string' && typeof data.media_type === 'string'
    ? { file: data.file, mediaType: data.media_type }
    : null;
}

function recordOf(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

/** Finite numbers alone. */
function numbersOf(value: unknown): number[] | null {
  return Array.isArray(value) && value.every(Number.isFinite)
    ? value.map(it => toNumber(it as Num))
    : null;
}

/** A number of 0 or more; 0 for anything else. */
function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0
    ? value
    : 0;
}
