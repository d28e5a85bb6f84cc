import { indented } from '../Figure';

function bytesOf(text: string): ArrayBuffer {
  return new TextEncoder().encode(text).buffer as ArrayBuffer;
}

describe('indented', () => {
  it('gives each part of JSON a line', () => {
    const value = {
      data: [{ x: [1, 2.5e-3], y: 'a, "b": {c}' }],
      b: true,
      c: {},
      d: [[], [null]]
    };
    const text = JSON.stringify(value);
    expect(indented(bytesOf(text))).toBe(JSON.stringify(value, null, 2));
  });

  it.each([
    ['nested deep', '['.repeat(1_000_000)],
    ['nested deep and whole', '[{"a":'.repeat(9_000) + '}]'.repeat(9_000)],
    ['a text without an end', `{"a": "${'\\"'.repeat(100_000)}`],
    ['one long word', 'x'.repeat(1_000_000)],
    ['closed too often', ']}'.repeat(100_000)],
    ['no text', '\ud800'.repeat(50_000)]
  ])('shows the beginning of what is %s, and at once', (_, text) => {
    const began = performance.now();
    const shown = indented(bytesOf(text));
    expect(shown.length).toBeLessThanOrEqual(20_001);
    expect(shown.endsWith('…')).toBe(true);
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  it('shows what is no JSON as it is', () => {
    expect(indented(bytesOf('<b>hello</b>'))).toBe('<b>hello</b>');
    expect(indented(bytesOf('no  JSON at\nall'))).toBe('no JSON at all');
    expect(indented(bytesOf(''))).toBe('');
  });
});
