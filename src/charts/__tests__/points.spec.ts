import { decodeMany, decodeSeries } from '../../api';
import { encodeSeries } from '../../__tests__/series';
import { Points } from '../points';
import { pathOf } from '../Sparkline';

function raw(count: number, step: number[], value: number[]) {
  return decodeSeries(encodeSeries('a', count, { step, value }));
}

function range(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}

describe('Points', () => {
  it('grows at the end', () => {
    const points = new Points('a');
    points.add(raw(2, [0, 1], [5, 6]));
    points.add(raw(3, [2], [7]));
    const { step, value, isBucketed } = points.rows('step');
    expect([...step]).toEqual([0, 1, 2]);
    expect([...value]).toEqual([5, 6, 7]);
    expect(isBucketed).toBe(false);
    expect([points.count, points.last, points.lastStep]).toEqual([3, 7, 2]);
  });

  it('keeps NaN and infinities', () => {
    const points = new Points('a');
    points.add(raw(4, [0, 1, 2, 3], [1, NaN, Infinity, 2]));
    expect([...points.rows('step').value]).toEqual([1, NaN, Infinity, 2]);
    points.add(raw(5, [4], [NaN]));
    expect(points.last).toBeNaN();
  });

  it('sorts steps that were logged out of order, and leaves times as they were', () => {
    const points = new Points('a');
    const columns = {
      step: [0, 5, 1, 2],
      time: [100, 101, 102, 103],
      value: [10, 15, 11, 12]
    };
    points.add(decodeSeries(encodeSeries('a', 4, columns)));
    expect([...points.rows('step').step]).toEqual([0, 1, 2, 5]);
    expect([...points.rows('step').value]).toEqual([10, 11, 12, 15]);
    expect([...points.rows('relative').value]).toEqual([10, 15, 11, 12]);
    expect(points.firstTime).toBe(100);
  });

  it('sums up neighbours where they are more than fit, and loses no extreme and no mean', () => {
    const points = new Points('a', 100);
    for (let i = 0; i < 50; i++) {
      points.add(raw(20 * i + 20, range(20, 20 * i), range(20, 20 * i)));
    }
    const { value, low, high, weight, step, isBucketed } = points.rows('step');
    expect(value.length).toBeLessThanOrEqual(100);
    expect(value.length).toBeGreaterThan(50);
    expect(isBucketed).toBe(true);
    const total = weight.reduce((sum, it) => sum + it, 0);
    expect([total, low[0], high[high.length - 1]]).toEqual([1000, 0, 999]);
    const mean = value.reduce((sum, it, i) => sum + it * weight[i], 0) / total;
    expect(mean).toBeCloseTo(499.5);
    expect(step[step.length - 1]).toBe(999);
    expect([points.count, points.last]).toEqual([1000, 999]);
  });

  it('goes on after buckets of the server with rows as wide as these', () => {
    const points = new Points('a', 100);
    const bucket = {
      step: [4, 9],
      time: [4, 9],
      minimum: [0, 5],
      maximum: [4, 9],
      mean: [2, 7],
      count: [5, 5]
    };
    points.add(decodeSeries(encodeSeries('a', 10, bucket)));
    points.add(raw(13, [10, 11, 12], [10, NaN, 12]));
    const { value, weight, high } = points.rows('step');
    expect([...weight]).toEqual([5, 5, 3]);
    expect(value[2]).toBeCloseTo(32 / 3);
    expect(high[2]).toBe(12);
  });
});

describe('decodeMany', () => {
  it('finds the series that stand one behind the other', () => {
    const parts = [
      encodeSeries('a', 2, { step: [0, 1], value: [1, 2] }),
      encodeSeries('none', 0, { step: [], value: [] }),
      encodeSeries('b/c', 1, { step: [7], value: [NaN] })
    ].map(it => new Uint8Array(it));
    const size = parts.reduce((sum, it) => sum + it.length, 0);
    const bytes = new Uint8Array(size);
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    const found = decodeMany(bytes.buffer);
    expect(found.map(it => [it.name, it.count, it.points])).toEqual([
      ['a', 2, 2],
      ['none', 0, 0],
      ['b/c', 1, 1]
    ]);
    expect([...found[0].columns.value]).toEqual([1, 2]);
    expect(() => decodeMany(bytes.buffer.slice(0, size - 8))).toThrow(
      'not a metric series'
    );
  });
});

describe('pathOf', () => {
  it('is broken by NaN', () => {
    expect(pathOf([0, 1, NaN, 1, 0]).match(/M/g)).toHaveLength(2);
  });

  it('is empty for less than two numbers', () => {
    expect(pathOf([1])).toBe('');
    expect(pathOf([NaN, 1])).toBe('');
  });
});
