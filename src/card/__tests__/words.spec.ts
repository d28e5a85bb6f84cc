import { nullTranslator } from '@jupyterlab/translation';

import { makeInfo, makeMetric, makeRun } from '../../__tests__/server';
import { Captured, Run } from '../../api';
import { readBundle } from '../bundle';
import {
  progressText,
  sentCode,
  sentGroups,
  siblingsOf,
  statusWords,
  usageText
} from '../words';

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
  it('says nothing of a run that a kernel logs, for nothing travelled', () => {
    const run = makeRun(1, { kind: 'interactive', snapshot_scope: 'project' });
    expect(sentGroups(trans, run)).toEqual([]);
  });

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
      'the project',
      'X, y 12.1 MB',
      'train(), Net',
      'the state of the random numbers',
      'data linked, not copied: not fully reproducible'
    ]);
    const [project] = sentGroups(trans, run, {
      id: 's',
      file_count: 41,
      size_bytes: 1.2e6,
      created_at: ''
    });
    expect(project).toBe('the project (41 files, 1.2 MB)');
    expect(sentCode(run)).toBe('def train(): ...');
  });

  it('counts names beyond the first', () => {
    const names = Array.from({ length: 10 }, (_, i) => captured(`v${i}`, {}));
    expect(sentGroups(trans, makeRun(1, { captured: names }))).toEqual([
      'v0, v1, v2, v3, v4, v5, v6, v7 and 2 more 0 B'
    ]);
  });
});

describe('usageText', () => {
  it('says what is measured, of several GPUs the busiest', () => {
    expect(usageText([])).toBe('');
    const measured = {
      cpu_percent: 311.7,
      gpu0_percent: 12,
      gpu1_percent: 87.4,
      gpu0_memory_percent: 99,
      memory_bytes: 2.1e9,
      memory_percent: 13
    };
    expect(
      usageText(
        Object.entries(measured).map(([name, last]) =>
          makeMetric(`system/${name}`, { last })
        )
      )
    ).toBe('cpu 312% · mem 2.1 GB · gpu 87%');
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

  it('gives the best one however long ago it was', () => {
    const others = [7, 6, 5, 4, 3, 2, 1].map(i => ended(i, i === 2 ? 1 : 0.5));
    const numbers = siblingsOf(ended(8, 0.5), others).map(it => it.run.number);
    expect(numbers).toEqual([7, 6, 5, 4, 2]);
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

describe('how a run does', () => {
  const { dispatcher } = makeInfo();
  const coming = makeInfo({ dispatcher: { ...dispatcher, alive: false } });
  const failed = makeInfo({
    dispatcher: { ...dispatcher, alive: false, message: 'ImportError' }
  });

  it.each([
    [1, {}, coming, 'Starting workspace (first time)'],
    [12, {}, coming, 'Starting workspace'],
    [12, {}, makeInfo(), 'Queued'],
    [12, {}, failed, 'Queued'],
    [12, {}, null, 'Queued'],
    [12, { waiting_for: 'behind #11 on local' }, coming, 'Queued'],
    [12, { status: 'Running' }, coming, 'Running']
  ] as const)('is told of #%j, %j', (number, facts, info, words) => {
    const run = makeRun(number, { status: 'Queued', ...facts });
    expect(statusWords(trans, run, info)).toBe(words);
  });
});
