import { ILineStyle } from './colours';
import { Axis, IRows, Points } from './points';
import { Domain } from './scale';
import { ISmoothing, smoothed } from './smoothing';

/** A series among those of a chart. */
export interface IChartSeries {
  /** What tells it from the others: the id of its run. */
  readonly key: string;
  /** What a person calls it. */
  readonly label: string;
  readonly points: Points;
  readonly style: ILineStyle;
  /** Where its relative time begins, in seconds since 1970; NaN for its first point. */
  readonly origin: number;
}

/** How a chart is looked at; the same for all charts that stand together. */
export interface IChartOptions {
  readonly axis: Axis;
  readonly smoothing: ISmoothing;
  readonly isLogarithmic: boolean;
  /** Leave single values out that would press all others flat. */
  readonly isClipped: boolean;
}

/** A series as it is drawn: NaN has no place. */
export interface ILine {
  readonly series: IChartSeries;
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** As it was logged, where `y` is made smooth. */
  readonly raw: Float64Array | null;
  /** Extent of what each row stands for, where any stands for more than one point. */
  readonly low: Float64Array | null;
  readonly high: Float64Array | null;
  /** Where values are infinite, and in which direction. */
  readonly infinite: readonly { x: number; sign: 1 | -1 }[];
}

/** What a chart cannot show, in numbers. */
export interface IOmitted {
  /** Rows without a number. */
  readonly nan: number;
  /** Rows on a logarithmic axis that are not above 0. */
  readonly notPositive: number;
  /** Rows beyond the axis, since outliers are clipped. */
  readonly outside: number;
}

/** All that is drawn, with the stretches of both axes. */
export interface IDrawing {
  readonly lines: readonly ILine[];
  readonly x: Domain;
  readonly y: Domain;
  readonly axis: Axis;
  /** Whether the y axis is logarithmic: wanted, and possible. */
  readonly isLogarithmic: boolean;
  readonly omitted: IOmitted;
}

/** Make the drawing of some series as they are looked at, all of it or a stretch of x. */
export function drawingOf(
  series: readonly IChartSeries[],
  options: IChartOptions,
  zoom: Domain | null
): IDrawing {
  const straight = series.map(it => lineOf(it, options));
  const x = zoom ?? extentOf(straight);
  const isLogarithmic =
    options.isLogarithmic &&
    straight.some(line => line.y.some(value => value > 0));
  const lines = isLogarithmic ? straight.map(onlyPositive) : straight;
  const y = heightOf(lines, x, options.isClipped, isLogarithmic);
  return {
    lines,
    x,
    y,
    axis: options.axis,
    isLogarithmic,
    omitted: omittedFrom(straight, x, y, isLogarithmic, options.isClipped)
  };
}

function lineOf(series: IChartSeries, options: IChartOptions): ILine {
  const rows = series.points.rows(options.axis);
  const x = placesOf(series, rows, options.axis);
  const isSmooth = options.smoothing.kind !== 'none';
  return {
    series,
    x,
    y: smoothed(rows, options.smoothing),
    raw: isSmooth ? rows.value : null,
    low: rows.isBucketed ? rows.low : null,
    high: rows.isBucketed ? rows.high : null,
    infinite: infiniteOf(x, rows)
  };
}

/** Where the rows of a series lie on the x axis. */
export function placesOf(
  series: IChartSeries,
  rows: IRows,
  axis: Axis
): Float64Array {
  if (axis !== 'relative') {
    return axis === 'step' ? rows.step : rows.time;
  }
  const origin = originOf(series);
  return rows.time.map(time => time - origin);
}

/** Where the relative time of a series begins: with its run, or with its first point where that was logged earlier. */
export function originOf(series: IChartSeries): number {
  const first = series.points.firstTime;
  return series.origin <= first ? series.origin : first;
}

function infiniteOf(x: Float64Array, { low, high }: IRows): ILine['infinite'] {
  const found: { x: number; sign: 1 | -1 }[] = [];
  for (let i = 0; i < x.length; i++) {
    if (high[i] === Infinity) {
      found.push({ x: x[i], sign: 1 });
    }
    if (low[i] === -Infinity) {
      found.push({ x: x[i], sign: -1 });
    }
  }
  return found;
}

function onlyPositive(line: ILine): ILine {
  const positive = (value: number) => (value > 0 ? value : NaN);
  return {
    ...line,
    y: line.y.map(positive),
    raw: line.raw && line.raw.map(positive)
  };
}

/** The stretch of x that has all lines; a lonely point still wants some room to its left and right. */
function extentOf(lines: readonly ILine[]): Domain {
  let [low, high] = [Infinity, -Infinity];
  for (const { x } of lines) {
    if (x.length > 0) {
      // Steps are in order, times hardly ever are not.
      for (const value of [x[0], x[x.length - 1]]) {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
  }
  if (!(low <= high)) {
    return [0, 1];
  }
  return low < high ? [low, high] : [low - 1, high + 1];
}

/** So much of the values' stretch is free above and below them. */
const ROOM = 0.06;
/** Values between these shares of all are no outliers, nor what lies half their stretch beyond them. */
const [LEAST, MOST] = [0.05, 0.95];
const BEYOND = 0.5;

function heightOf(
  lines: readonly ILine[],
  x: Domain,
  isClipped: boolean,
  isLogarithmic: boolean
): Domain {
  const values: number[] = [];
  const above = isLogarithmic ? 0 : -Infinity;
  let [low, high] = [Infinity, -Infinity];
  for (const line of lines) {
    const [from, to] = within(line.x, x);
    for (const column of [line.y, line.raw, line.low, line.high]) {
      if (column !== null) {
        const own = extremesOf(column, from, to, above);
        low = Math.min(low, own[0]);
        high = Math.max(high, own[1]);
      }
    }
    if (isClipped) {
      values.push(...line.y.subarray(from, to).filter(Number.isFinite));
    }
  }
  if (!(low <= high)) {
    return isLogarithmic ? [0.1, 10] : [0, 1];
  }
  if (isClipped && values.length > 0) {
    // What lies far from the others does so as the axis shows it.
    [low, high] = isLogarithmic
      ? (clipped(values.map(Math.log10), [
          Math.log10(low),
          Math.log10(high)
        ]).map(it => 10 ** it) as unknown as Domain)
      : clipped(values, [low, high]);
  }
  return isLogarithmic ? roomForLogarithms(low, high) : room(low, high);
}

/** The least and the greatest of some finite values above a bound. It sees all values of all charts, many times a second. */
function extremesOf(
  values: Float64Array,
  from: number,
  to: number,
  above: number
): Domain {
  let [low, high] = [Infinity, -Infinity];
  for (let i = from; i < to; i++) {
    const value = values[i];
    // Of NaN nothing is true.
    if (value > above && value < Infinity) {
      low = value < low ? value : low;
      high = value > high ? value : high;
    }
  }
  return [low, high];
}

/** The stretch of values without those that lie far from nearly all others. */
export function clipped(values: number[], [low, high]: Domain): Domain {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))];
  const beyond = BEYOND * (at(MOST) - at(LEAST));
  // Where nearly all values are one and the same, everything else would be an outlier.
  return beyond > 0
    ? [Math.max(low, at(LEAST) - beyond), Math.min(high, at(MOST) + beyond)]
    : [low, high];
}

function room(low: number, high: number): Domain {
  const margin = low === high ? Math.abs(low) * 0.1 || 1 : (high - low) * ROOM;
  // Values of one sign keep their zero at the edge.
  return [
    low >= 0 && low - margin < 0 ? 0 : low - margin,
    high <= 0 && high + margin > 0 && low < 0 ? 0 : high + margin
  ];
}

function roomForLogarithms(low: number, high: number): Domain {
  const factor = low === high ? 2 : (high / low) ** ROOM;
  return [low / factor, high * factor];
}

function omittedFrom(
  lines: readonly ILine[],
  x: Domain,
  y: Domain,
  isLogarithmic: boolean,
  isClipped: boolean
): IOmitted {
  const omitted = { nan: 0, notPositive: 0, outside: 0 };
  for (const line of lines) {
    const [from, to] = within(line.x, x);
    const logged = line.raw ?? line.y;
    for (let i = from; i < to; i++) {
      const value = logged[i];
      if (value !== value) {
        omitted.nan += 1;
      } else if (isLogarithmic && value <= 0) {
        omitted.notPositive += 1;
      } else if (
        isClipped &&
        (value < y[0] || value > y[1]) &&
        Number.isFinite(value)
      ) {
        omitted.outside += 1;
      }
    }
  }
  return omitted;
}

/** The places of the first row in a stretch and of the first one behind it. */
export function within(x: Float64Array, [low, high]: Domain): [number, number] {
  return [firstAt(x, low), firstAt(x, high, true)];
}

/** The place of the first row at or behind a value of x, or of the first behind it. */
export function firstAt(
  x: Float64Array,
  value: number,
  isBehind = false
): number {
  let [low, high] = [0, x.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[middle] < value || (isBehind && x[middle] === value)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** The place of the row nearest to a value of x that has a number; -1 where none has. */
export function nearestAt(line: ILine, x: number): number {
  const at = firstAt(line.x, x);
  let [left, right] = [at - 1, at];
  while (left >= 0 || right < line.x.length) {
    const takesRight =
      right < line.x.length &&
      (left < 0 || line.x[right] - x <= x - line.x[left]);
    const i = takesRight ? right++ : left--;
    if (Number.isFinite((line.raw ?? line.y)[i])) {
      return i;
    }
  }
  return -1;
}
