import { nullTranslator } from '@jupyterlab/translation';

import { makeRun } from '../../__tests__/server';
import { Run } from '../../api';
import { changesOf, changeTexts } from '../changes';

const trans = nullTranslator.load('test');

function made(number: number, facts: Partial<Run>): Run {
  return makeRun(number, { params: {}, snapshot_id: 's', ...facts });
}

function scored(number: number, accuracy: number): Run {
  const run = made(number, { status: 'Completed' });
  const metric = { name: 'accuracy', count: 1, last: accuracy };
  return { ...run, metrics: [metric as Run['metrics'][number]] };
}

describe('changesOf', () => {
  it('compares a failed run with the last good one before it', () => {
    const siblings = [
      made(14, { status: 'Completed' }),
      made(11, { status: 'Canceled' }),
      made(10, { status: 'Completed' }),
      made(9, { status: 'Completed' })
    ];
    const changes = changesOf(trans, made(12, { status: 'Failed' }), siblings);
    expect(changes?.since.number).toBe(10);
    expect(changes?.texts).toEqual([]);
  });

  it('compares a completed run with the best one, unless it is that', () => {
    const siblings = [scored(11, 0.9), scored(9, 0.95)];
    const changes = changesOf(trans, scored(12, 0.93), siblings);
    expect(changes?.since.number).toBe(9);
    expect(changes?.value).toBe('0.9500');
    const live = changesOf(trans, made(12, { status: 'Running' }), siblings);
    expect(live?.since.number).toBe(9);
    expect(changesOf(trans, scored(12, 0.99), siblings)).toBeNull();
  });

  it('says nothing of runs that go on, were canceled or have no like', () => {
    const siblings = [made(9, { status: 'Completed' })];
    for (const status of ['Running', 'Canceled'] as const) {
      expect(changesOf(trans, made(12, { status }), siblings)).toBeNull();
    }
    expect(changesOf(trans, made(12, { status: 'Failed' }), [])).toBeNull();
  });
});

describe('changeTexts', () => {
  it('names parameters with both values, and what else is otherwise', () => {
    const before = made(1, { params: { lr: '0.1', old: '1' } });
    const after = made(2, {
      params: { lr: '0.2', depth: '3' },
      snapshot_id: 't',
      environment: 'sk:2',
      source: { ...before.source, cell_source: 'x = 2' }
    });
    expect(changeTexts(trans, before, after)).toEqual([
      'depth – → 3',
      'lr 0.1 → 0.2',
      'old 1 → –',
      'the code of the cell',
      'files that travelled',
      `${before.environment} → sk:2`
    ]);
  });

  it('counts parameters beyond the first few', () => {
    const params = Object.fromEntries('abcdef'.split('').map(it => [it, it]));
    const texts = changeTexts(trans, made(1, {}), made(2, { params }));
    expect(texts).toHaveLength(5);
    expect(texts[4]).toBe('2 more parameters');
  });
});
