import {
  domainOf,
  linePath,
  logarithmicScaleOf,
  logarithmicTicksOf,
  scaleOf,
  ticksOf
} from '../scale';

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

describe('a logarithmic axis', () => {
  it.each([
    [[0.5, 2000], 5, [1, 10, 100, 1000]],
    [[0.9, 120], 8, [1, 2, 5, 10, 20, 50, 100]],
    [[1, 12], 12, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    [[2.1, 2.9], 4, [2.2, 2.4, 2.6, 2.8]],
    [[1e-12, 1e12], 5, [1e-10, 1e-5, 1, 1e5, 1e10]],
    [[0.0731, 1.2e6], 4, [1, 1e3, 1e6]],
    [[0, 1], 4, []],
    [[5e-324, Infinity], 4, [5e-324]]
  ])('of %p, about %d', (domain, wanted, expected) => {
    const found = logarithmicTicksOf(domain as [number, number], wanted);
    expect(found.length).toBeLessThanOrEqual(wanted + 6);
    expect(found).toEqual(expected);
  });

  it('has no place for what is not above 0', () => {
    const scale = logarithmicScaleOf([1, 100], 0, 10);
    expect([scale(1), scale(10), scale(100)]).toEqual([0, 5, 10]);
    expect([scale(0), scale(-1), scale(NaN)].some(Number.isFinite)).toBe(false);
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
