import { nullTranslator } from '@jupyterlab/translation';

import { makeMetric, makeRun } from '../../__tests__/server';
import { Captured, Run } from '../../api';
import { readBundle } from '../bundle';
import { progressText, sentCode, sentGroups, siblingsOf } from '../words';

const trans = nullTranslator.load('');

function captured(name: string, facts: Partial<Captured>): Captured {
  return { name, how: 'data', type: '', size_bytes: 0, text: '', ...facts };
}

describe('readBundle', () => {
  it('takes ids', () => {
    const ids = { workspace: 'w-1', run: 'digits_1_12' };
    expect(readBundle({ ...ids, number: 12 })).toEqual({
      ...ids,
      ended: false
    });
    expect(readBundle({ ...ids, ended: true })?.ended).toBe(true);
  });

  it.each([
    [null],
    ['text'],
    [{ workspace: 'w1' }],
    [{ workspace: '..', run: 'a' }],
    [{ workspace: 'w1', run: '../../registry' }],
    [{ workspace: 'w1', run: 'a/cancel' }],
    [{ workspace: 'w1', run: 12 }],
    [{ workspace: 'w1', run: 'a?b#c' }],
    [{ workspace: 'w1', run: 'a\n' }]
  ])('does not take %j', data => {
    expect(readBundle(data)).toBeNull();
  });
});

describe('sentGroups', () => {
  it('says what travelled, in groups', () => {
    const run = makeRun(1, {
      snapshot_scope: 'project',
      captured: [
        captured('X', { size_bytes: 12e6 }),
        captured('y', { size_bytes: 1e5, how: 'table' }),
        captured('train', {
          how: 'source',
          type: 'function',
          text: 'def train(): ...\n'
        }),
        captured('Net', { how: 'source', type: 'type' }),
        captured('random', { how: 'random' })
      ],
      links: [{ path: 'data', target: '', reason: 'outside' }] as never
    });
    expect(sentGroups(trans, run)).toEqual([
      'project',
      'X, y 12.1 MB',
      'train(), Net',
      'random state',
      'one linked path: not fully reproducible'
    ]);
    expect(sentCode(run)).toBe('def train(): ...');
  });

  it('counts names beyond the first', () => {
    const names = Array.from({ length: 10 }, (_, i) => captured(`v${i}`, {}));
    expect(sentGroups(trans, makeRun(1, { captured: names }))).toEqual([
      'v0, v1, v2, v3, v4, v5, v6, v7 and 2 more 0 B'
    ]);
  });
});

describe('siblingsOf', () => {
  function ended(number: number, value: number, name = 'acc'): Run {
    const metrics = [makeMetric(name, { last: value })];
    return makeRun(number, { status: 'Completed', metrics });
  }

  it('gives their values, and marks the best that completed', () => {
    const failed = makeRun(9, {
      status: 'Failed',
      metrics: [makeMetric('acc', { last: 0.99 })]
    });
    const others = [ended(11, 0.927), failed, ended(8, 0.948)];
    expect(
      siblingsOf(ended(12, 0.931), others).map(it => [it.text, it.isBest])
    ).toEqual([
      ['0.9270', false],
      ['', false],
      ['0.9480', true]
    ]);
  });

  it('knows that a loss is better low, and of other metrics nothing', () => {
    const best = (name: string) =>
      siblingsOf(ended(3, 5, name), [ended(2, 1, name), ended(1, 9, name)]).map(
        it => it.isBest
      );
    expect(best('val_loss')).toEqual([true, false]);
    expect(best('temperature')).toEqual([false, false]);
  });

  it('marks none of the others where this one is the best', () => {
    const [sibling] = siblingsOf(ended(2, 0.9), [ended(1, 0.8)]);
    expect(sibling.isBest).toBe(false);
  });
});

describe('progressText', () => {
  const progress = { current: 37, total: 68, rate: 0.6, unit: 'it', text: '' };

  it.each([
    [{}, '37/68 · ~0:51 left'],
    [{ rate: null }, '37/68'],
    [{ rate: 0 }, '37/68'],
    [{ total: null }, '37'],
    [{ current: 68 }, '68/68'],
    [{ current: 'NaN' as const, total: 'Infinity' as const }, 'NaN']
  ])('with %j says %s', (facts, text) => {
    expect(progressText(trans, { ...progress, ...facts })).toBe(text);
  });
});
