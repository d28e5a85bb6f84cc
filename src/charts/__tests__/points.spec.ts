import { decodeSeries } from '../../api';
import { encodeSeries } from '../../__tests__/series';
import { Points } from '../points';
import { pathOf } from '../Sparkline';

function raw(count: number, step: number[], value: number[]) {
  return decodeSeries(encodeSeries('a', count, { step, time: step, value }));
}

describe('Points', () => {
  it('grows at the end', () => {
    const points = new Points('a');
    points.add(raw(2, [0, 1], [5, 6]));
    points.add(raw(3, [2], [7]));
    expect(points.data.x).toEqual([0, 1, 2]);
    expect(points.data.y).toEqual([5, 6, 7]);
    expect([points.count, points.last, points.lastStep]).toEqual([3, 7, 2]);
  });

  it('leaves a gap for what is no number on an axis', () => {
    const points = new Points('a');
    points.add(raw(4, [0, 1, 2, 3], [1, NaN, Infinity, 2]));
    expect(points.data.y).toEqual([1, null, null, 2]);
  });

  it('still knows that the last value is NaN', () => {
    const points = new Points('a');
    points.add(raw(2, [0, 1], [1, NaN]));
    expect(points.last).toBeNaN();
  });

  it('sorts steps that were logged out of order', () => {
    const points = new Points('a');
    points.add(raw(4, [0, 5, 1, 2], [10, 15, 11, 12]));
    expect(points.data.x).toEqual([0, 1, 2, 5]);
    expect(points.data.y).toEqual([10, 11, 12, 15]);
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
