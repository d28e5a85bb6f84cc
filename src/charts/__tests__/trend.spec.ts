import { IRows } from '../points';
import { trendOf } from '../trend';

function of(values: readonly number[]): string {
  return trendOf({ value: Float64Array.from(values) } as unknown as IRows);
}

function series(count: number, value: (i: number) => number): number[] {
  return Array.from({ length: count }, (_, i) => value(i));
}

/** Strays the same way each time, by at most 1 to either side. */
function noise(i: number): number {
  return Math.sin(i * 12.9898) * Math.cos(i * 78.233);
}

describe('the trend of a series', () => {
  it.each([
    ['nothing', [], 'level'],
    ['one value', [1], 'level'],
    ['two values', [1, 2], 'rising'],
    ['two values that fall', [2, 1], 'falling'],
    ['what stays', [3, 3, 3, 3], 'level'],
    ['last digits', [1, 1 + 1e-9], 'level'],
    ['a loss', series(100, i => 1 / (i + 1)), 'falling'],
    [
      'a noisy loss',
      series(300, i => Math.exp(-i / 200) + 0.01 * noise(i)),
      'falling'
    ],
    ['noise', series(300, noise), 'level'],
    [
      'a rise that is over',
      [...series(50, i => i), ...series(50, () => 50)],
      'level'
    ],
    ['a turn', [...series(80, i => -i), ...series(40, i => i - 80)], 'rising'],
    ['gaps', [1, NaN, 2, Infinity, 3], 'rising'],
    ['no numbers', [NaN, NaN, NaN], 'level'],
    ['huge values', [1e300, 1.5e300, 1.7e300], 'rising']
  ])('of %s is told', (_, values, trend) => {
    expect(of(values)).toBe(trend);
  });
});
