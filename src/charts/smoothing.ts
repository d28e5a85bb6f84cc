import { IRows } from './points';

/** How a line is made smooth: not at all, by a mean that forgets, or by the mean of what stands around each point. */
export type SmoothingKind = 'none' | 'exponential' | 'window';

export interface ISmoothing {
  readonly kind: SmoothingKind;
  /** Share of the past in an exponential mean, from 0 to below 1. */
  readonly weight: number;
  /** Number of points in a window. */
  readonly window: number;
}

type Rows = Pick<IRows, 'value' | 'weight'>;

/**
 * Smooth values. A row that stands for many points counts as many, so that a line looks the same whether a chart has all
 * of its points or their sums. What is no finite number is passed over and stays where it is.
 */
export function smoothed(rows: Rows, smoothing: ISmoothing): Float64Array {
  switch (smoothing.kind) {
    case 'none':
      return rows.value;
    case 'exponential':
      return exponential(rows, smoothing.weight);
    case 'window':
      return windowed(rows, smoothing.window);
  }
}

/** A mean that forgets: without its correction it would begin at zero and lean there for long. */
function exponential({ value, weight }: Rows, past: number): Float64Array {
  const found = new Float64Array(value.length);
  let mean = 0;
  // What of the weights of all points so far is none of the past's: the correction.
  let known = 0;
  // Nearly all rows stand for as many points, and a power is the dearest thing here.
  let [kept, ofWeight] = [past, 1];
  for (let i = 0; i < value.length; i++) {
    if (!Number.isFinite(value[i])) {
      found[i] = value[i];
      continue;
    }
    if (weight[i] !== ofWeight) {
      ofWeight = weight[i];
      kept = past ** ofWeight;
    }
    mean = kept * mean + (1 - kept) * value[i];
    known = kept * known + (1 - kept);
    found[i] = known > 0 ? mean / known : value[i];
  }
  return found;
}

/** The mean of so many points around each, of fewer at the ends: as many on one side as on the other. */
function windowed({ value, weight }: Rows, size: number): Float64Array {
  const found = new Float64Array(value.length);
  const ends = new Float64Array(value.length + 1);
  const sums = new Float64Array(value.length + 1);
  const counts = new Float64Array(value.length + 1);
  for (let i = 0; i < value.length; i++) {
    const isNumber = Number.isFinite(value[i]);
    ends[i + 1] = ends[i] + weight[i];
    sums[i + 1] = sums[i] + (isNumber ? value[i] * weight[i] : 0);
    counts[i + 1] = counts[i] + (isNumber ? weight[i] : 0);
  }
  const middle = (i: number) => (ends[i] + ends[i + 1]) / 2;
  let first = 0;
  let behind = 0;
  for (let i = 0; i < value.length; i++) {
    if (!Number.isFinite(value[i])) {
      found[i] = value[i];
      continue;
    }
    const here = middle(i);
    const reach = Math.min(size / 2, here, ends[value.length] - here);
    first = Math.min(first, i);
    // At the end the window narrows again, so its edges may go either way.
    while (first < i && middle(first) < here - reach) {
      first += 1;
    }
    behind = Math.max(behind, i + 1);
    while (behind < value.length && middle(behind) <= here + reach) {
      behind += 1;
    }
    while (behind > i + 1 && middle(behind - 1) > here + reach) {
      behind -= 1;
    }
    const count = counts[behind] - counts[first];
    found[i] = count > 0 ? (sums[behind] - sums[first]) / count : value[i];
  }
  return found;
}
