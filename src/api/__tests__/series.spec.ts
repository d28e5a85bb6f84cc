import { decodeSeries, toNumber } from '..';
import { encodeSeries } from '../../__tests__/series';

describe('decodeSeries', () => {
  it('gives back every column, NaN and infinities included', () => {
    const value = [0.1, NaN, Infinity];
    const bytes = encodeSeries('lossß', 7, {
      step: [4, 5, 6],
      time: [1, 2, 3],
      value
    });
    const series = decodeSeries(bytes);
    expect(series.name).toBe('lossß');
    expect(series.count).toBe(7);
    expect(series.points).toBe(3);
    expect(Array.from(series.columns.value)).toEqual(value);
    expect(Array.from(series.columns.step)).toEqual([4, 5, 6]);
  });

  it('reads a series of no points', () => {
    const series = decodeSeries(
      encodeSeries('a', 3, { step: [], time: [], value: [] })
    );
    expect(series.points).toBe(0);
  });

  it('reads what Python wrote', () => {
    // encode_series("a", 1, {"step": pack("<d", 2.0), "time": pack("<d", 0.5), "value": pack("<d", -1.0)})
    const base64 =
      'TUxXU1NFUjFQAAAAAAAAAHsibmFtZSI6ICJhIiwgImNvdW50IjogMSwgInBvaW50cyI6IDEsICJjb2x1bW5zIjogWyJzdGVwIiwgInRpbWUiLCAidmFsdWUiXX0gICAgAAAAAAAAAEAAAAAAAADgPwAAAAAAAPC/';
    const bytes = Uint8Array.from(atob(base64), c => c.charCodeAt(0));
    const { columns } = decodeSeries(bytes.buffer);
    expect([columns.step[0], columns.time[0], columns.value[0]]).toEqual([
      2, 0.5, -1
    ]);
  });

  it.each([
    ['too short', new ArrayBuffer(4)],
    ['of another kind', new TextEncoder().encode('<html>'.repeat(9)).buffer],
    ['cut', encodeSeries('a', 2, { step: [1, 2], value: [1, 2] }).slice(0, -8)]
  ])('refuses bytes that are %s', (_, bytes) => {
    expect(() => decodeSeries(bytes as ArrayBuffer)).toThrow(
      'not a metric series'
    );
  });
});

describe('toNumber', () => {
  it.each([
    [0.5, 0.5],
    ['NaN', NaN],
    ['Infinity', Infinity],
    ['-Infinity', -Infinity]
  ] as const)('reads %s', (text, number) => {
    expect(toNumber(text)).toBe(number);
  });
});
