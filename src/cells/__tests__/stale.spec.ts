import { Captured } from '../../api';
import { makeRun } from '../../__tests__/server';
import { isStale } from '../stale';

const run = makeRun(1);
const of = (cell_source: string, captured: Captured[] = []) =>
  makeRun(1, { source: { ...run.source, cell_source }, captured });
const taken = (name: string, text: string): Captured => ({
  name,
  how: 'source',
  type: 'function',
  size_bytes: 1,
  text
});

describe('isStale', () => {
  it('looks past spaces at the ends of lines', () => {
    expect(isStale('a = 1 \n\n', [], of('a = 1'))).toBe(false);
    expect(isStale('%%submit \na', [], of('%%submit\na\n'))).toBe(false);
  });

  it('sees another text', () => {
    expect(isStale('a = 2', [], of('a = 1'))).toBe(true);
  });

  it('says nothing of runs that do not tell their text', () => {
    expect(isStale('a = 2', [], of(''))).toBe(false);
  });

  it('sees that a function which travelled was changed in its cell', () => {
    const train = 'def train(x):\n    return x + 1\n';
    const it = of('train(1)', [taken('train', train)]);
    expect(isStale('train(1)', [`import os\n${train}\ntrain(2)`], it)).toBe(
      false
    );
    expect(isStale('train(1)', [train.replace('+ 1', '+ 2')], it)).toBe(true);
  });

  it('does not look for code that no cell wrote', () => {
    const it = of('f(1)', [taken('f', 'lambda x: x'), taken('g', '')]);
    expect(isStale('f(1)', [], it)).toBe(false);
  });
});
