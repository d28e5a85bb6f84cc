import { makeMetric, makeRun } from '../../__tests__/server';
import {
  changeText,
  differenceOfFacts,
  differenceOfInputs,
  differenceOfMetrics,
  differenceOfPairs
} from '../differences';
import { likely } from '../other';
import { nullTranslator } from '@jupyterlab/translation';

const trans = nullTranslator.load('');

describe('what is otherwise in another run', () => {
  it('leaves out parameters that are the same', () => {
    expect(
      differenceOfPairs({ lr: '1', depth: '2' }, { lr: '1', width: '3' })
    ).toEqual([
      { what: 'depth', before: '2', after: '' },
      { what: 'width', before: '', after: '3' }
    ]);
  });

  it('puts metrics side by side, with how far they are apart', () => {
    const before = makeRun(1, {
      metrics: [
        makeMetric('acc', { last: 0.5 }),
        makeMetric('same', { last: 1 }),
        makeMetric('nan', { last: 'NaN' })
      ]
    });
    const after = makeRun(2, {
      metrics: [
        makeMetric('acc', { last: 0.75 }),
        makeMetric('same', { last: 1 }),
        makeMetric('nan', { last: 'NaN' }),
        makeMetric('new', { last: 3 })
      ]
    });
    const rows = differenceOfMetrics(before, after);
    expect(rows.map(it => it.name)).toEqual(['acc', 'new']);
    expect(rows.map(changeText)).toEqual(['+0.2500 (+50 %)', '']);
    expect(changeText({ name: '', before: 0, after: -2 })).toBe('−2');
    expect(changeText({ name: '', before: 1, after: Infinity })).toBe('');
  });

  it('names facts in the order in which they are told of a run', () => {
    const facts = differenceOfFacts(
      trans,
      makeRun(1, { status: 'Completed', user: 'ada', ended_at: null }),
      makeRun(2, { status: 'Failed', user: 'bob', ended_at: null }),
      Date.now()
    );
    expect(facts.map(it => it.what)).toEqual(['Status', 'Author']);
  });

  it('compares functions by their source, and values by type and size', () => {
    const captured = (how: string, text: string, size_bytes: number) => [
      { name: 'x', how, type: 'function', size_bytes, text }
    ];
    const [row] = differenceOfInputs(
      makeRun(1, { captured: captured('source', 'def x(): 1\n', 0) }),
      makeRun(2, { captured: captured('source', 'def x(): 2\n', 0) })
    );
    expect(row).toEqual({
      what: 'x',
      before: 'def x(): 1',
      after: 'def x(): 2'
    });
    expect(
      differenceOfInputs(
        makeRun(1, { captured: captured('data', '', 1000) }),
        makeRun(2, { captured: captured('data', '', 1000) })
      )
    ).toEqual([]);
  });
});

describe('likely', () => {
  it('proposes earlier good runs of the same cell first', () => {
    const source = (cell_id: string) => ({ ...makeRun(1).source, cell_id });
    const run = makeRun(5, { source: source('c') });
    const others = [
      makeRun(6, { source: source('c'), status: 'Completed' }),
      makeRun(4, { source: source('c'), status: 'Failed' }),
      makeRun(3, { source: source('d'), status: 'Completed' }),
      makeRun(2, { source: source('c'), status: 'Completed' }),
      makeRun(1, { source: source('c'), status: 'Completed' })
    ];
    expect(likely(run, others).map(it => it.number)).toEqual([2, 1, 6, 4]);
  });
});
