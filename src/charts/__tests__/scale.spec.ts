import { domainOf, linePath, scaleOf, ticksOf } from '../scale';

describe('ticksOf', () => {
  it.each([
    [[0, 1], 2, [0, 0.5, 1]],
    [[0.1, 9.9], 4, [2, 4, 6, 8]],
    [[0, 1], 5, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [[-3, 3], 3, [-2, 0, 2]],
    [[0, 1234], 4, [0, 500, 1000]],
    [[0.1, 0.4], 3, [0.1, 0.2, 0.3, 0.4]],
    [[5, 5], 4, [5]],
    [[NaN, 1], 4, []]
  ])('of %p, about %d', (domain, wanted, ticks) => {
    const [low, high] = domain;
    expect(ticksOf([low, high], wanted)).toEqual(ticks);
  });
});

describe('domainOf', () => {
  it('leaves out what has no place', () => {
    expect(domainOf([3, NaN, 1, Infinity])).toEqual([1, 3]);
    expect(domainOf([1, 3], 0.5)).toEqual([0, 4]);
    expect(domainOf([2])).toEqual([1, 3]);
    expect(domainOf([NaN])).toEqual([0, 1]);
  });
});

describe('linePath', () => {
  it('breaks where a point has no place', () => {
    const scale = scaleOf([0, 1], 0, 100);
    const points = [0, NaN, 0.5, 1].map(y => ({ x: y, y }));
    expect(linePath(points, scale, scale)).toBe(
      'M0.0 0.0M50.0 50.0L100.0 100.0'
    );
  });

  it('draws heights that run backwards', () => {
    expect(scaleOf([0, 2], 100, 0)(0.5)).toBe(75);
    expect(scaleOf([1, 1], 0, 100)(1)).toBe(0);
  });
});
