import { Counts, IAccuracy } from './reading';

/** The curves that one table of counts gives. */
export type CurveKind = 'roc' | 'precision' | 'lift';

export interface IPoint {
  readonly x: number;
  readonly y: number;
}

export type Curve = readonly IPoint[];

/** What is drawn: one curve that matters, others to compare it with, and its figure. */
export interface ICurves {
  readonly main: Curve;
  readonly others: readonly Curve[];
  /** Area under the curve, average precision, or lift of the first tenth; NaN where the counts do not tell. */
  readonly figure: number;
}

/** Where classes are averaged, so many places are looked at. */
const GRID = 101;
/** More classes than these would make a tangle. */
const MAX_OTHERS = 12;

/** The mean of all classes, or one of them against the rest. */
export function curvesOf(
  accuracy: IAccuracy,
  kind: CurveKind,
  chosen: number | 'mean'
): ICurves {
  if (chosen !== 'mean') {
    const main = curveOf(kind, accuracy.tables[chosen] ?? []);
    return { main, others: [], figure: figureOf(kind, main) };
  }
  const each = accuracy.tables
    .map(table => curveOf(kind, table))
    .filter(curve => curve.length > 1);
  const figures = each.map(curve => figureOf(kind, curve));
  return {
    main: meanCurve(each),
    others: each.length > 1 && each.length <= MAX_OTHERS ? each : [],
    figure: mean(figures)
  };
}

/** The curve of one class; without any where it has no cases, or nothing else has. */
export function curveOf(kind: CurveKind, counts: readonly Counts[]): Curve {
  const usable = counts.filter(row => row.every(Number.isFinite));
  switch (kind) {
    case 'roc':
      return rocCurve(usable);
    case 'precision':
      return precisionCurve(usable);
    case 'lift':
      return liftCurve(usable);
  }
}

/** True positive rate over false positive rate. */
function rocCurve(counts: readonly Counts[]): Curve {
  const points = counts.flatMap(([tp, fp, tn, fn]) => {
    const [positives, negatives] = [tp + fn, fp + tn];
    return positives > 0 && negatives > 0
      ? [{ x: fp / negatives, y: tp / positives }]
      : [];
  });
  return points.length === 0
    ? []
    : sorted([{ x: 0, y: 0 }, ...points, { x: 1, y: 1 }]);
}

/** Precision over recall. */
function precisionCurve(counts: readonly Counts[]): Curve {
  const points = counts.flatMap(([tp, fp, , fn]) =>
    tp + fn > 0 && tp + fp > 0 ? [{ x: tp / (tp + fn), y: tp / (tp + fp) }] : []
  );
  if (points.length === 0) {
    return [];
  }
  // Of one recall the best precision comes first, so that the curve falls there and never climbs back.
  const curve = deduplicated(points.sort((a, b) => a.x - b.x || b.y - a.y));
  return curve[0].x > 0 ? [{ x: 0, y: curve[0].y }, ...curve] : curve;
}

/** How many times more cases there are among the first, over how many of them are taken. */
function liftCurve(counts: readonly Counts[]): Curve {
  const points = counts.flatMap(([tp, fp, tn, fn]) => {
    const total = tp + fp + tn + fn;
    const share = (tp + fn) / total;
    return tp + fp > 0 && share > 0
      ? [{ x: (tp + fp) / total, y: tp / (tp + fp) / share }]
      : [];
  });
  return points.length === 0 ? [] : sorted([...points, { x: 1, y: 1 }]);
}

function sorted(points: IPoint[]): IPoint[] {
  return deduplicated(points.sort((a, b) => a.x - b.x || a.y - b.y));
}

function deduplicated(points: readonly IPoint[]): IPoint[] {
  return points.filter(
    ({ x, y }, i) => i === 0 || x !== points[i - 1].x || y !== points[i - 1].y
  );
}

/** The one number that people quote for a curve. */
export function figureOf(kind: CurveKind, curve: Curve): number {
  if (curve.length < 2) {
    return NaN;
  }
  switch (kind) {
    case 'roc':
      return areaUnder(curve);
    case 'precision':
      return averagePrecision(curve);
    case 'lift':
      return valueAt(curve, 0.1);
  }
}

/** By trapezoids. */
export function areaUnder(curve: Curve): number {
  return curve
    .slice(1)
    .reduce(
      (sum, { x, y }, i) => sum + ((x - curve[i].x) * (y + curve[i].y)) / 2,
      0
    );
}

/** Precision weighted by how much each step adds to the recall. */
export function averagePrecision(curve: Curve): number {
  return curve
    .slice(1)
    .reduce((sum, { x, y }, i) => sum + (x - curve[i].x) * y, 0);
}

/** The curve's height at a place; that of its ends beyond them. */
export function valueAt(curve: Curve, x: number): number {
  // Where the curve goes straight up, its upper end counts.
  const after = curve.findIndex(point => point.x > x);
  if (after === 0) {
    return curve[0].y;
  }
  const before = curve[(after < 0 ? curve.length : after) - 1];
  if (after < 0 || before.x === x) {
    return before.y;
  }
  const next = curve[after];
  const share = (x - before.x) / (next.x - before.x);
  return before.y + share * (next.y - before.y);
}

/** The mean height of curves at places between 0 and 1. */
export function meanCurve(curves: readonly Curve[]): Curve {
  if (curves.length <= 1) {
    return curves[0] ?? [];
  }
  const starts = curves.every(curve => curve[0].x === 0 && curve[0].y === 0);
  const grid = Array.from({ length: GRID }, (_, i) => i / (GRID - 1));
  const points = grid.map(x => ({
    x,
    y: mean(curves.map(curve => valueAt(curve, x)))
  }));
  return starts ? deduplicated([{ x: 0, y: 0 }, ...points]) : points;
}

function mean(values: readonly number[]): number {
  const finite = values.filter(Number.isFinite);
  return finite.reduce((sum, value) => sum + value, 0) / finite.length;
}
