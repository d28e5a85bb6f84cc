import { Num, toNumber } from '../api';

/** A confusion matrix: a row for each true class, a column for each predicted one. */
export interface IConfusion {
  readonly labels: readonly string[];
  readonly matrix: readonly (readonly number[])[];
}

/** True and false positives, true and false negatives at one threshold. */
export type Counts = readonly [tp: number, fp: number, tn: number, fn: number];

/** Of each class, one against the rest: what was counted at many thresholds. */
export interface IAccuracy {
  readonly labels: readonly string[];
  readonly tables: readonly (readonly Counts[])[];
}

/** A histogram: one edge more than counts. */
export interface IHistogram {
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

/** Predictions in bins of the true value: their mean, how far they spread about it, how many they are. */
export interface IPredictions extends IHistogram {
  readonly averages: readonly number[];
  readonly errors: readonly number[];
}

/** A picture among the files of the run. */
export interface IPictureFile {
  readonly file: string;
  readonly mediaType: string;
  readonly width: number;
  readonly height: number;
}

/** Cells in columns of possibly different length. */
export interface ITable {
  readonly columns: readonly string[];
  readonly cells: readonly (readonly unknown[])[];
  readonly rowCount: number;
}

const MAX_CLASSES = 1000;

export function readConfusion(value: unknown): IConfusion | null {
  const data = dataOf(value);
  const matrix = rowsOf(data?.matrix);
  const size = matrix?.length ?? 0;
  if (
    matrix === null ||
    size === 0 ||
    size > MAX_CLASSES ||
    matrix.some(row => row.length !== size)
  ) {
    return null;
  }
  return { labels: labelsOf(data?.class_labels, size), matrix };
}

export function readAccuracy(value: unknown): IAccuracy | null {
  const data = dataOf(value);
  const byProbability = countsOf(data?.probability_tables);
  const byPercentile = countsOf(data?.percentile_tables);
  const size = (byProbability ?? byPercentile)?.length ?? 0;
  if (size === 0 || size > MAX_CLASSES) {
    return null;
  }
  // Both tables count the same predictions, cut at other places: together they make the finer curve.
  const tables = Array.from({ length: size }, (_, i) => [
    ...(byProbability?.[i] ?? []),
    ...(byPercentile?.[i] ?? [])
  ]);
  return { labels: labelsOf(data?.class_labels, size), tables };
}

export function readResiduals(value: unknown): IHistogram | null {
  const data = dataOf(value);
  const edges = numbersOf(data?.bin_edges);
  const counts = numbersOf(data?.bin_counts);
  return edges &&
    counts &&
    counts.length > 0 &&
    edges.length === counts.length + 1 &&
    isRising(edges)
    ? { edges, counts }
    : null;
}

export function readPredictions(value: unknown): IPredictions | null {
  const data = dataOf(value);
  const edges = numbersOf(data?.bin_edges);
  const averages = numbersOf(data?.bin_averages);
  if (
    !edges ||
    !averages ||
    averages.length === 0 ||
    edges.length !== averages.length + 1 ||
    !isRising(edges)
  ) {
    return null;
  }
  return {
    edges,
    averages,
    errors: columnOf(data?.bin_errors, averages.length),
    counts: columnOf(data?.bin_counts, averages.length)
  };
}

export function readPicture(value: unknown): IPictureFile | null {
  const data = recordOf(value);
  if (typeof data?.file !== 'string' || typeof data.media_type !== 'string') {
    return null;
  }
  return {
    file: data.file,
    mediaType: data.media_type,
    width: sizeOf(data.width),
    height: sizeOf(data.height)
  };
}

/** A list as a table of one column. */
export function readList(value: unknown, title: string): ITable | null {
  return Array.isArray(value)
    ? { columns: [title], cells: [value], rowCount: value.length }
    : null;
}

/** A table of columns; one value alone is a column of one row. */
export function readTable(value: unknown): ITable | null {
  const data = recordOf(value);
  if (data === null) {
    return null;
  }
  const columns = Object.keys(data);
  const cells = columns.map(name => {
    const column = data[name];
    return Array.isArray(column) ? column : [column];
  });
  const rowCount = cells.reduce((most, it) => Math.max(most, it.length), 0);
  return { columns, cells, rowCount };
}

/** The rows that were logged one by one, as a table of all columns that any of them has. */
export function readRows(
  values: readonly unknown[],
  known: readonly string[] = []
): ITable {
  const records = values.map(value => recordOf(value) ?? {});
  const columns = columnsOf(values, known);
  return {
    columns,
    cells: columns.map(name => records.map(it => own(it, name))),
    rowCount: values.length
  };
}

/** Names of the columns of rows, those that are known first. */
export function columnsOf(
  values: readonly unknown[],
  known: readonly string[] = []
): string[] {
  const names = new Set(known);
  for (const value of values) {
    for (const name of Object.keys(recordOf(value) ?? {})) {
      names.add(name);
    }
  }
  return [...names];
}

function own(record: Record<string, unknown>, name: string): unknown {
  return Object.prototype.hasOwnProperty.call(record, name)
    ? record[name]
    : undefined;
}

/** The classic shapes come with their schema around them, or bare. */
function dataOf(value: unknown): Record<string, unknown> | null {
  const record = recordOf(value);
  return record && 'data' in record ? recordOf(record.data) : record;
}

function recordOf(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

function rowsOf(value: unknown): number[][] | null {
  if (!Array.isArray(value)) {
    return null;
  }
  const rows = value.map(numbersOf);
  return rows.every(row => row !== null) ? rows : null;
}

function countsOf(value: unknown): Counts[][] | null {
  if (!Array.isArray(value)) {
    return null;
  }
  const tables = value.map(rowsOf);
  return tables.every(isCounts) ? tables : null;
}

function isCounts(table: number[][] | null): table is [][] & Counts[] {
  return table !== null && table.every(row => row.length === 4);
}

/** Numbers, of which those that JSON has none for came by name; null where there was none. */
function numbersOf(value: unknown): number[] | null {
  if (!Array.isArray(value)) {
    return null;
  }
  const numbers = value.map(numberOf);
  return numbers.every(it => it !== null) ? numbers : null;
}

const NAMES: ReadonlySet<unknown> = new Set(['NaN', 'Infinity', '-Infinity']);

function numberOf(value: unknown): number | null {
  if (value === null) {
    return NaN;
  }
  return typeof value === 'number' || NAMES.has(value)
    ? toNumber(value as Num)
    : null;
}

function columnOf(value: unknown, length: number): number[] {
  const numbers = numbersOf(value) ?? [];
  return Array.from({ length }, (_, i) => numbers[i] ?? NaN);
}

function labelsOf(value: unknown, size: number): string[] {
  const labels = Array.isArray(value) ? value : [];
  return Array.from({ length: size }, (_, i) => String(labels[i] ?? i));
}

function sizeOf(value: unknown): number {
  return typeof value === 'number' && value > 0 && Number.isFinite(value)
    ? Math.round(value)
    : 0;
}

function isRising(edges: readonly number[]): boolean {
  return edges.every(
    (edge, i) => Number.isFinite(edge) && (i === 0 || edge > edges[i - 1])
  );
}
