import {
  areaUnder,
  averagePrecision,
  Curve,
  curveOf,
  curvesOf,
  figureOf,
  meanCurve,
  valueAt
} from '../curves';
import { Counts, readAccuracy } from '../reading';

/** Counts of one class at thresholds that fall, from scores and truths. */
function countsOf(scores: number[], truths: boolean[]): Counts[] {
  return [Infinity, ...new Set([...scores].sort((a, b) => b - a))].map(t => {
    const count = (hit: boolean, truth: boolean) =>
      scores.filter((s, i) => s >= t === hit && truths[i] === truth).length;
    return [
      count(true, true),
      count(true, false),
      count(false, false),
      count(false, true)
    ];
  });
}

// The example of scikit-learn's pages on ROC and on average precision.
const SCORES = [0.1, 0.4, 0.35, 0.8];
const TRUTHS = [false, false, true, true];
const EXAMPLE = countsOf(SCORES, TRUTHS);

/** Part of the pairs that are in the right order: what the area under a ROC curve means. */
function orderedPairs(scores: number[], truths: boolean[]): number {
  let [right, all] = [0, 0];
  scores.forEach((a, i) =>
    scores.forEach((b, j) => {
      if (truths[i] && !truths[j]) {
        all += 1;
        right += a > b ? 1 : a === b ? 0.5 : 0;
      }
    })
  );
  return right / all;
}

describe('the ROC curve', () => {
  it('has the points and the area that are known for an example', () => {
    const curve = curveOf('roc', EXAMPLE);
    expect(curve).toEqual([
      { x: 0, y: 0 },
      { x: 0, y: 0.5 },
      { x: 0.5, y: 0.5 },
      { x: 0.5, y: 1 },
      { x: 1, y: 1 }
    ]);
    expect(areaUnder(curve)).toBe(0.75);
  });

  it('has the share of pairs in the right order as its area', () => {
    let seed = 7;
    const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
    for (let round = 0; round < 20; round++) {
      const truths = Array.from({ length: 40 }, (_, i) => i % 3 === 0);
      const scores = truths.map(
        it => Math.round((random() + (it ? 0.3 : 0)) * 20) / 20
      );
      const curve = curveOf('roc', countsOf(scores, truths));
      expect(areaUnder(curve)).toBeCloseTo(orderedPairs(scores, truths), 10);
    }
  });

  it('does not depend on the order of the thresholds', () => {
    expect(curveOf('roc', [...EXAMPLE].reverse())).toEqual(
      curveOf('roc', EXAMPLE)
    );
  });

  it('is none for a class without cases, or without others', () => {
    expect(curveOf('roc', [[0, 1, 2, 0]])).toEqual([]);
    expect(curveOf('roc', [[1, 0, 0, 2]])).toEqual([]);
    expect(figureOf('roc', [])).toBeNaN();
  });

  it('leaves out counts that are no numbers', () => {
    expect(curveOf('roc', [...EXAMPLE, [NaN, 1, 1, 1]])).toEqual(
      curveOf('roc', EXAMPLE)
    );
  });
});

describe('precision over recall', () => {
  it('has the average precision that is known for an example', () => {
    const curve = curveOf('precision', EXAMPLE);
    expect(averagePrecision(curve)).toBeCloseTo(0.8333, 4);
    expect(curve[0]).toEqual({ x: 0, y: 1 });
    expect(curve[curve.length - 1]).toEqual({ x: 1, y: 0.5 });
  });
});

describe('the lift curve', () => {
  it('compares the first cases with all', () => {
    const curve = curveOf('lift', EXAMPLE);
    expect(curve[0]).toEqual({ x: 0.25, y: 2 });
    expect(curve[curve.length - 1]).toEqual({ x: 1, y: 1 });
    expect(figureOf('lift', curve)).toBe(2);
  });
});

describe('valueAt', () => {
  const curve: Curve = [
    { x: 0, y: 0 },
    { x: 0.5, y: 0.2 },
    { x: 0.5, y: 0.6 },
    { x: 1, y: 1 }
  ];

  it.each([
    [-1, 0],
    [0.25, 0.1],
    [0.5, 0.6],
    [0.75, 0.8],
    [1, 1],
    [2, 1]
  ])('at %d is %d', (x, y) => {
    expect(valueAt(curve, x)).toBeCloseTo(y, 12);
  });
});

describe('the mean of classes', () => {
  const flipped: Counts[] = EXAMPLE.map(([tp, fp, tn, fn]) => [fp, tp, fn, tn]);
  const accuracy = { labels: ['a', 'b'], tables: [EXAMPLE, flipped] };

  it('has the mean area, and shows the classes beside it', () => {
    const curves = curvesOf(accuracy, 'roc', 'mean');
    const areas = accuracy.tables.map(it => areaUnder(curveOf('roc', it)));
    expect(curves.figure).toBe((areas[0] + areas[1]) / 2);
    expect(areaUnder(curves.main)).toBeCloseTo(curves.figure, 2);
    expect(curves.others.length).toBe(2);
    expect(curves.main[0]).toEqual({ x: 0, y: 0 });
  });

  it('leaves out classes without a curve', () => {
    const one = { labels: ['a', 'b'], tables: [EXAMPLE, []] };
    expect(curvesOf(one, 'roc', 'mean').main).toEqual(curveOf('roc', EXAMPLE));
    expect(meanCurve([])).toEqual([]);
  });

  it('shows one class alone', () => {
    const curves = curvesOf(accuracy, 'roc', 0);
    expect(curves.main).toEqual(curveOf('roc', EXAMPLE));
    expect(curves.others).toEqual([]);
  });

  it('reads the classic tables, both of them', () => {
    const value = {
      schema_type: 'accuracy_table',
      schema_version: '1.0.1',
      data: {
        class_labels: ['no', 'yes'],
        probability_tables: [flipped.slice(0, 2), EXAMPLE.slice(0, 2)],
        percentile_tables: [flipped.slice(2), EXAMPLE.slice(2)],
        probability_thresholds: [1, 0.5],
        percentile_thresholds: [0, 0.5, 1]
      }
    };
    const read = readAccuracy(value)!;
    expect(read.labels).toEqual(['no', 'yes']);
    expect(curvesOf(read, 'roc', 1).figure).toBe(0.75);
  });
});
