import { diffLines } from '../lineDiff';

/** Both texts again, from a comparison without gaps. */
function texts(before: string, after: string): [string, string] {
  const lines = diffLines(before, after)!;
  const of = (kind: string) =>
    lines
      .map(line => (line.kind === 'same' || line.kind === kind ? line : null))
      .filter(line => line !== null)
      .map(line => (line.kind === 'gap' ? '?' : line.text))
      .join('\n');
  return [of('old'), of('new')];
}

describe('diffLines', () => {
  it('says what went and what came', () => {
    expect(diffLines('a\nb\nc', 'a\nx\nc')).toEqual([
      { kind: 'same', text: 'a' },
      { kind: 'old', text: 'b' },
      { kind: 'new', text: 'x' },
      { kind: 'same', text: 'c' }
    ]);
  });

  it('says nothing of equal texts but how long they are', () => {
    expect(diffLines('a\nb', 'a\nb')).toEqual([{ kind: 'gap', count: 2 }]);
  });

  it('leaves out what is far from a difference', () => {
    const lines = Array.from({ length: 20 }, (_, i) => `${i}`);
    const changed = [...lines];
    changed[10] = 'x';
    expect(diffLines(lines.join('\n'), changed.join('\n'))).toHaveLength(10);
  });

  it('holds both texts, whatever they are', () => {
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 16807) % 2147483647;
      return seed % below;
    };
    for (let round = 0; round < 300; round++) {
      const text = () =>
        Array.from({ length: random(5) }, () => 'abc'[random(3)]).join('\n');
      const [before, after] = [text(), text()];
      if (before !== after) {
        expect(texts(before, after)).toEqual([before, after]);
      }
    }
  });

  it('gives up where all differs', () => {
    const all = (word: string) =>
      Array.from({ length: 3000 }, (_, i) => `${word}${i}`).join('\n');
    expect(diffLines(all('a'), all('b'))).toBeNull();
  });
});
