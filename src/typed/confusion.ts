import { IConfusion } from './reading';

/** What a cell's colour and number are relative to. */
export type Share = 'counts' | 'rows';

/** A cell off the diagonal. */
export interface IMistake {
  readonly truth: number;
  readonly predicted: number;
  readonly count: number;
  /** Part of the true class that went there, 0 to 1. */
  readonly share: number;
}

/** Each row divided by its sum: what became of a true class. A class without cases stays at 0. */
export function normalized(
  matrix: readonly (readonly number[])[]
): readonly (readonly number[])[] {
  return matrix.map(row => {
    const sum = total(row);
    return row.map(count => (sum > 0 ? numberOr0(count) / sum : 0));
  });
}

/** Shares of the deepest colour, 0 to 1. */
export function heat(
  matrix: readonly (readonly number[])[],
  share: Share
): readonly (readonly number[])[] {
  if (share === 'rows') {
    return normalized(matrix);
  }
  const most = matrix.reduce(
    (found, row) => row.reduce((m, it) => Math.max(m, numberOr0(it)), found),
    0
  );
  return matrix.map(row =>
    row.map(count => (most > 0 ? numberOr0(count) / most : 0))
  );
}

/** Part of all cases that lie on the diagonal; NaN without cases. */
export function accuracyOf({ matrix }: IConfusion): number {
  const right = matrix.reduce((sum, row, i) => sum + numberOr0(row[i]), 0);
  const all = matrix.reduce((sum, row) => sum + total(row), 0);
  return all > 0 ? right / all : NaN;
}

/** The most frequent mistakes, worst first. */
export function mistakesOf({ matrix }: IConfusion, limit: number): IMistake[] {
  const found: IMistake[] = [];
  matrix.forEach((row, truth) => {
    const sum = total(row);
    row.forEach((count, predicted) => {
      if (truth !== predicted && numberOr0(count) > 0) {
        found.push({ truth, predicted, count, share: count / sum });
      }
    });
  });
  found.sort((a, b) => b.count - a.count || b.share - a.share);
  return found.slice(0, limit);
}

function total(row: readonly number[]): number {
  return row.reduce((sum, count) => sum + numberOr0(count), 0);
}

function numberOr0(count: number): number {
  return Number.isFinite(count) && count > 0 ? count : 0;
}
