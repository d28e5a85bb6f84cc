import { IRows } from './points';

/** Where the newest values of a series go. */
export type Trend = 'rising' | 'falling' | 'level';

/** So many of the newest rows tell it, where a fifth of all is not less. */
const MOST = 60;
const LEAST = 5;
const SHARE = 0.2;
/** A line that rises by less than so many times what its values stray is level. */
const CLEAR = 1.5;

/**
 * How a straight line through the newest values lies. One that rises by no more than the values stray around it says
 * nothing: an arrow that turned with each point would not be read.
 */
export function trendOf({ value }: IRows): Trend {
  const newest = Math.max(LEAST, Math.round(value.length * SHARE));
  const from = Math.max(0, value.length - Math.min(MOST, newest));
  const x: number[] = [];
  const y: number[] = [];
  for (let i = from; i < value.length; i++) {
    if (Number.isFinite(value[i])) {
      x.push(i);
      y.push(value[i]);
    }
  }
  if (y.length < 2) {
    return 'level';
  }
  const meanX = mean(x);
  const meanY = mean(y);
  const slope =
    mean(x.map((it, i) => (it - meanX) * (y[i] - meanY))) /
    mean(x.map(it => (it - meanX) ** 2));
  const rise = slope * (x[x.length - 1] - x[0]);
  const strayed = mean(
    y.map((it, i) => Math.abs(it - meanY - slope * (x[i] - meanX)))
  );
  // Numbers that differ in their last digits only are the same to whoever reads them.
  const least = 1e-6 * Math.abs(meanY);
  if (!(Math.abs(rise) > Math.max(least, CLEAR * strayed))) {
    return 'level';
  }
  return rise > 0 ? 'rising' : 'falling';
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, it) => sum + it, 0) / values.length;
}
