import { makeMetric, makeRun } from '../../__tests__/server';
import { Run } from '../../api';
import { Layout } from '../layout';
import {
  buildRows,
  differingParams,
  IListed,
  IRow,
  leadingMetric,
  Row,
  ROW_HEIGHT,
  ROW_HEIGHT_OF_TWO
} from '../rows';

describe('differingParams', () => {
  it('names what is not the same in all', () => {
    const runs = [
      makeRun(1, { params: { lr: '0.1', depth: '4' } }),
      makeRun(2, { params: { lr: '0.2', depth: '4' } })
    ];
    expect([...differingParams(runs)]).toEqual(['lr']);
  });

  it('counts a parameter that only some have, but not runs that record none', () => {
    const runs = [
      makeRun(1, { params: { lr: '0.1' } }),
      makeRun(2, { params: { lr: '0.1', extra: 'x' } }),
      makeRun(3)
    ];
    expect([...differingParams(runs)]).toEqual(['extra']);
  });
});

describe('leadingMetric', () => {
  it.each([
    [['loss', 'accuracy', 'a'], 'accuracy'],
    [['val_accuracy', 'accuracy'], 'val_accuracy'],
    [['zeta', 'alpha'], 'alpha'],
    [['train_loss', 'val_loss'], 'val_loss']
  ])('of %s is %s', (names, expected) => {
    const run = makeRun(1, { metrics: names.map(name => makeMetric(name)) });
    expect(leadingMetric([run])).toBe(expected);
  });

  it('is one that most of the runs have', () => {
    const common = [makeMetric('loss')];
    const runs = [
      makeRun(1, { metrics: [...common, makeMetric('accuracy')] }),
      ...[2, 3, 4].map(n => makeRun(n, { metrics: common }))
    ];
    expect(leadingMetric(runs)).toBe('loss');
  });

  it('is none where nothing was logged', () => {
    expect(leadingMetric([makeRun(1)])).toBeNull();
  });
});

describe('buildRows', () => {
  const sweep = makeRun(3, { child_count: 2 });
  const children = [4, 5].map(n =>
    makeRun(n, { parent_id: sweep.id, params: { lr: String(n) } })
  );

  function build(runs: Run[], facts: Partial<IListed> = {}): Row[] {
    return buildRows({
      pinned: [],
      runs,
      childrenOf: id => (id === sweep.id ? children : []),
      expanded: new Set(),
      total: 0,
      user: 'ada',
      ...facts
    });
  }

  it('keeps children of a closed sweep away', () => {
    const rows = build([sweep, makeRun(1)]);
    expect(rows.map(row => row.run.number)).toEqual([3, 1]);
    expect(rows.map(row => row.expanded)).toEqual([false, null]);
  });

  it('nests children of an open sweep, told apart by their parameters', () => {
    const rows = build([sweep, makeRun(1)], { expanded: new Set([sweep.id]) });
    expect(rows.map(row => [row.run.number, row.depth])).toEqual([
      [3, 0],
      [4, 1],
      [5, 1],
      [1, 0]
    ]);
    expect(rows[1].params).toEqual([['lr', '4']]);
    expect(rows.map(row => row.hasSecondLine)).toEqual([
      false,
      true,
      true,
      false
    ]);
    expect([rows[2].position, rows[2].siblings]).toEqual([2, 2]);
  });

  it('nests children of children, whatever the depth', () => {
    const top = makeRun(1, { child_count: 1 });
    const middle = makeRun(2, { parent_id: top.id, child_count: 1 });
    const bottom = makeRun(3, { parent_id: middle.id });
    const below = new Map([
      [top.id, [middle]],
      [middle.id, [bottom]]
    ]);
    const rows = build([top], {
      childrenOf: id => below.get(id) ?? [],
      expanded: new Set([top.id, middle.id])
    });
    expect(rows.map(row => [row.run.number, row.depth])).toEqual([
      [1, 0],
      [2, 1],
      [3, 2]
    ]);
    expect(rows.map(row => row.expanded)).toEqual([true, true, null]);
  });

  it('compares parameters within an experiment only', () => {
    const rows = build([
      makeRun(2, { experiment: 'a', params: { lr: '1' } }),
      makeRun(1, { experiment: 'b', params: { lr: '2' } })
    ]);
    expect(rows.map(row => row.params)).toEqual([[], []]);
  });

  it('says how many there are also where most are not read, pinned ones first', () => {
    const rows = build([makeRun(9)], { pinned: [makeRun(1)], total: 500 });
    expect(rows.map(row => [row.position, row.siblings, row.pinned])).toEqual([
      [1, 500, true],
      [2, 500, false]
    ]);
  });

  it('names the author where that is somebody else', () => {
    const runs = [makeRun(2), makeRun(1, { user: 'bob' })];
    expect(build(runs).map(row => row.author)).toEqual(['', 'bob']);
    expect(build(runs, { user: '' }).map(row => row.author)).toEqual(['', '']);
  });

  it('of ten thousand runs is made in a moment', () => {
    const runs = Array.from({ length: 10000 }, (_, i) =>
      makeRun(i, { params: { lr: String(i), depth: '4', seed: String(i % 7) } })
    );
    const took = Array.from({ length: 8 }, () => {
      const start = performance.now();
      build(runs);
      return performance.now() - start;
    });
    // About 15 ms where nothing else runs; of several rounds one is left alone.
    expect(Math.min(...took)).toBeLessThan(200);
  });
});

describe('Layout', () => {
  const rows = Array.from(
    { length: 10000 },
    (_, i) => ({ hasSecondLine: i % 2 === 1 }) as IRow
  );
  const pair = ROW_HEIGHT + ROW_HEIGHT_OF_TWO;
  const layout = new Layout(rows, 0);

  it('draws a few lines of many, wherever one looks', () => {
    expect(layout.height).toBe(5000 * pair);
    for (const top of [0, 1234, 2500 * pair, 5000 * pair]) {
      const { first, last } = layout.range(top, 500);
      expect(last - first).toBeLessThan(60);
      expect(layout.top(first)).toBeLessThanOrEqual(top);
      expect(layout.top(last)).toBeGreaterThanOrEqual(
        Math.min(top + 500, layout.height)
      );
    }
  });

  it('finds the line at a height', () => {
    expect(layout.indexAt(0)).toBe(0);
    expect(layout.indexAt(pair)).toBe(2);
    expect(layout.indexAt(pair - 1)).toBe(1);
    expect(layout.indexAt(1e9)).toBe(9999);
    expect(layout.unreadAbove(1e6)).toBe(
      Math.max(0, Math.ceil((1e6 - layout.height) / ROW_HEIGHT) + 6)
    );
  });

  it('leaves room for what is not read yet, and says how much of it is in sight', () => {
    const part = new Layout(rows.slice(0, 100), 900);
    expect(part.height).toBe(50 * pair + 900 * ROW_HEIGHT);
    expect(part.unreadAbove(50 * pair - 10 * ROW_HEIGHT)).toBe(0);
    expect(part.unreadAbove(50 * pair + ROW_HEIGHT)).toBe(7);
  });

  it('handles an empty list', () => {
    const empty = new Layout([], 0);
    expect(empty.range(0, 500)).toEqual({ first: 0, last: 0 });
    expect(empty.indexAt(10)).toBe(-1);
  });
});
