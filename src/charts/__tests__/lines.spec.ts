import { decodeSeries } from '../../api';
import { encodeSeries } from '../../__tests__/series';
import { ALONE } from '../colours';
import { drawingOf, IChartSeries, nearestAt } from '../lines';
import { Points } from '../points';
import { keyAction, placeAfter, readAll, readingAt, zoomed } from '../reading';
import { smoothed } from '../smoothing';
import { PLAIN } from '../view';

function series(
  value: number[],
  facts: {
    key?: string;
    step?: number[];
    time?: number[];
    origin?: number;
  } = {}
): IChartSeries {
  const step = facts.step ?? value.map((_, i) => i);
  const time = facts.time ?? step;
  const points = new Points('loss');
  points.add(
    decodeSeries(encodeSeries('loss', value.length, { step, time, value }))
  );
  const { key = 'a', origin = NaN } = facts;
  return { key, label: '', points, style: ALONE, origin };
}

function rows(value: number[], weight = value.map(() => 1)) {
  return { value: Float64Array.from(value), weight: Float64Array.from(weight) };
}

describe('smoothed', () => {
  const exponential = { kind: 'exponential', weight: 0.9, window: 1 } as const;
  const window = { kind: 'window', weight: 0, window: 3 } as const;

  it('leaves a constant what it is, from its first point on', () => {
    for (const kind of [exponential, window]) {
      const found = smoothed(rows([5, 5, 5, 5]), kind);
      found.forEach(value => expect(value).toBeCloseTo(5));
    }
  });

  it('corrects the beginning, which would lean to zero', () => {
    const found = smoothed(rows([10, 20]), exponential);
    expect(found[0]).toBeCloseTo(10);
    expect(found[1]).toBeCloseTo((0.09 * 10 + 0.1 * 20) / 0.19);
  });

  it('counts a row as the points that it stands for', () => {
    const single = smoothed(rows([1, 1, 1, 1, 7, 7, 7, 7]), exponential);
    const summed = smoothed(rows([1, 7], [4, 4]), exponential);
    expect(summed[1]).toBeCloseTo(single[7]);
  });

  it('passes over what is no number, and leaves it there', () => {
    const found = smoothed(rows([1, NaN, Infinity, 1]), exponential);
    expect(found[1]).toBeNaN();
    expect(found[2]).toBe(Infinity);
    expect(found[3]).toBeCloseTo(1);
    expect([...smoothed(rows([1, NaN, 3]), window)]).toEqual([1, NaN, 3]);
  });

  it('takes as many points of a window from either side', () => {
    expect([...smoothed(rows([0, 3, 6, 0, 0]), window)]).toEqual([
      0, 3, 3, 2, 0
    ]);
  });

  it('of no strength changes nothing', () => {
    const values = rows([3, 1, 2]);
    expect([...smoothed(values, { ...exponential, weight: 0 })]).toEqual([
      3, 1, 2
    ]);
    expect([...smoothed(values, { ...window, window: 1 })]).toEqual([3, 1, 2]);
  });
});

describe('drawingOf', () => {
  it('shows all of the lines, with some room and their zero', () => {
    const drawing = drawingOf(
      [series([0, 10]), series([5, 20, 3], { key: 'b' })],
      PLAIN,
      null
    );
    expect(drawing.x).toEqual([0, 2]);
    expect(drawing.y[0]).toBe(0);
    expect(drawing.y[1]).toBeCloseTo(21.2);
    expect(drawing.omitted).toEqual({ nan: 0, notPositive: 0, outside: 0 });
  });

  it('is as high as what is in sight', () => {
    const drawing = drawingOf([series([100, 1, 2, 3, 100])], PLAIN, [1, 3]);
    expect(drawing.x).toEqual([1, 3]);
    expect(drawing.y[1]).toBeLessThan(4);
  });

  it('counts relative time from the start of the run, or from an earlier first point', () => {
    const options = { ...PLAIN, axis: 'relative' as const };
    const late = series([1, 2], { time: [105, 110], origin: 100 });
    const imported = series([1, 2], { time: [50, 60], origin: 100 });
    const unknown = series([1, 2], { time: [50, 60] });
    const { lines } = drawingOf([late, imported, unknown], options, null);
    expect(lines.map(line => [...line.x])).toEqual([
      [5, 10],
      [0, 10],
      [0, 10]
    ]);
  });

  it('has a logarithmic axis where there is something for it, and says what is not', () => {
    const options = { ...PLAIN, isLogarithmic: true };
    const some = drawingOf([series([10, 0, -1, 1000])], options, null);
    expect(some.isLogarithmic).toBe(true);
    expect(some.y[0]).toBeGreaterThan(5);
    expect([...some.lines[0].y]).toEqual([10, NaN, NaN, 1000]);
    expect(some.omitted.notPositive).toBe(2);
    const none = drawingOf([series([-1, 0])], options, null);
    expect(none.isLogarithmic).toBe(false);
  });

  it('leaves outliers out where that is wanted, and counts them', () => {
    const values = Array.from({ length: 100 }, (_, i) => Math.sin(i));
    values[50] = 1e6;
    const all = drawingOf([series(values)], PLAIN, null);
    expect(all.y[1]).toBeGreaterThan(1e6);
    const options = { ...PLAIN, isClipped: true };
    const clipped = drawingOf([series(values)], options, null);
    expect(clipped.y[1]).toBeLessThan(3);
    expect(clipped.omitted.outside).toBe(1);
  });

  it('clips nothing of values that are nearly all the same', () => {
    const options = { ...PLAIN, isClipped: true };
    const values = Array.from({ length: 100 }, (_, i) => (i < 3 ? 9 : 1));
    expect(drawingOf([series(values)], options, null).omitted.outside).toBe(0);
  });

  it('says where values are infinite, and counts those that are none', () => {
    const drawing = drawingOf(
      [series([1, Infinity, NaN, -Infinity, 2])],
      PLAIN,
      null
    );
    expect(drawing.lines[0].infinite).toEqual([
      { x: 1, sign: 1 },
      { x: 3, sign: -1 }
    ]);
    expect(drawing.omitted.nan).toBe(1);
    expect(drawing.y[1]).toBeLessThan(3);
  });

  it('has room for a lonely point, and for none', () => {
    expect(drawingOf([series([5], { step: [7] })], PLAIN, null).x).toEqual([
      6, 8
    ]);
    const empty = drawingOf([], PLAIN, null);
    expect([empty.x, empty.y]).toEqual([
      [0, 1],
      [0, 1]
    ]);
  });

  it('has an axis for values of one height, also where that is zero', () => {
    const heights = (...values: number[]) =>
      drawingOf([series(values)], PLAIN, null).y;
    expect(heights(5, 5)).toEqual([4.5, 5.5]);
    expect(heights(-5, -5)).toEqual([-5.5, -4.5]);
    expect(heights(0, 0)).toEqual([0, 1]);
  });

  it('keeps what was logged behind a line that is made smooth', () => {
    const smoothing = { kind: 'window', weight: 0, window: 3 } as const;
    const drawing = drawingOf(
      [series([0, 3, 6, 0, 0])],
      { ...PLAIN, smoothing },
      null
    );
    expect([...drawing.lines[0].raw!]).toEqual([0, 3, 6, 0, 0]);
    expect([...drawing.lines[0].y]).toEqual([0, 3, 3, 2, 0]);
  });
});

describe('reading', () => {
  const drawing = drawingOf(
    [series([1, NaN, 3, 4]), series([9, 8, 7], { key: 'b' })],
    PLAIN,
    null
  );

  it('reads the nearest point that has a number', () => {
    expect(nearestAt(drawing.lines[0], 1.2)).toBe(2);
    expect(nearestAt(drawing.lines[0], 0.9)).toBe(0);
    expect(nearestAt(drawing.lines[1], 99)).toBe(2);
    expect(readAll(drawing, 2).map(it => it.value)).toEqual([3, 7]);
  });

  it('reads the line that is nearest to the pointer, or the one that is chosen', () => {
    const keyAt = (y: number | null, chosen: string | null) =>
      readingAt(drawing, 2, y, chosen)?.line.series.key;
    expect(keyAt(7.5, null)).toBe('b');
    expect(keyAt(2, null)).toBe('a');
    expect(keyAt(2, 'b')).toBe('b');
    expect(keyAt(null, null)).toBe('a');
    expect(readingAt(drawingOf([], PLAIN, null), 1, null, null)).toBeNull();
  });

  it('goes from point to point by keys', () => {
    const [line] = drawing.lines;
    const go = (key: string, cursor: number | null, shift = false) =>
      placeAfter(line, drawing.x, cursor, keyAction(key, shift) as never);
    expect(go('ArrowRight', null)).toBe(0);
    expect(go('ArrowRight', 0)).toBe(2);
    expect(go('ArrowLeft', 2)).toBe(0);
    expect(go('ArrowRight', 0, true)).toBe(3);
    expect(go('ArrowRight', 1.5)).toBe(2);
    expect(go('ArrowLeft', 1.5)).toBe(0);
    expect(go('Home', 2)).toBe(0);
    expect(go('End', 0)).toBe(3);
    expect(keyAction('x', false)).toBeNull();
  });

  it('zooms around the cursor, and out until all is shown', () => {
    expect(zoomed([0, 100], [0, 100], 0.5, 20)).toEqual([10, 60]);
    expect(zoomed([10, 60], [0, 100], 4, 20)).toBeNull();
    expect(zoomed([40, 60], [0, 100], 2, null)).toEqual([30, 70]);
  });
});
