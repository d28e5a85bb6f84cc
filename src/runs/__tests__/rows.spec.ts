import { makeMetric, makeRun } from '../../__tests__/server';
import {
  buildRows,
  differingParams,
  leadingMetric,
  ROW_HEIGHT,
  windowOf
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
  const known = new Map([[sweep.id, children]]);

  it('keeps children of a closed sweep away', () => {
    const rows = buildRows([sweep, makeRun(1)], known, new Set());
    expect(rows.map(row => row.run.number)).toEqual([3, 1]);
    expect(rows.map(row => row.expanded)).toEqual([false, null]);
  });

  it('nests children of an open sweep, told apart by their parameters', () => {
    const rows = buildRows([sweep, makeRun(1)], known, new Set([sweep.id]));
    expect(rows.map(row => [row.run.number, row.depth])).toEqual([
      [3, 0],
      [4, 1],
      [5, 1],
      [1, 0]
    ]);
    expect(rows[1].params).toEqual([['lr', '4']]);
    expect([rows[2].position, rows[2].siblings]).toEqual([2, 2]);
  });

  it('nests children of children, whatever the depth', () => {
    const top = makeRun(1, { child_count: 1 });
    const middle = makeRun(2, { parent_id: top.id, child_count: 1 });
    const bottom = makeRun(3, { parent_id: middle.id });
    const rows = buildRows(
      [top],
      new Map([
        [top.id, [middle]],
        [middle.id, [bottom]]
      ]),
      new Set([top.id, middle.id])
    );
    expect(rows.map(row => [row.run.number, row.depth])).toEqual([
      [1, 0],
      [2, 1],
      [3, 2]
    ]);
    expect(rows.map(row => row.expanded)).toEqual([true, true, null]);
  });

  it('compares parameters within an experiment only', () => {
    const rows = buildRows(
      [
        makeRun(2, { experiment: 'a', params: { lr: '1' } }),
        makeRun(1, { experiment: 'b', params: { lr: '2' } })
      ],
      new Map(),
      new Set()
    );
    expect(rows.map(row => row.params)).toEqual([[], []]);
  });
});

describe('windowOf', () => {
  const heights = Array.from({ length: 10000 }, () => ROW_HEIGHT);

  it('draws a few lines of many, and keeps the height of the whole', () => {
    for (const top of [0, 1234, 5000 * ROW_HEIGHT, 10000 * ROW_HEIGHT]) {
      const shown = windowOf(heights, top, 500);
      expect(shown.last - shown.first).toBeLessThan(60);
      const inside = (shown.last - shown.first) * ROW_HEIGHT;
      expect(shown.above + inside + shown.below).toBe(10000 * ROW_HEIGHT);
    }
  });

  it('covers what is in sight', () => {
    const shown = windowOf(heights, 2600, 260, 0);
    expect(shown.first).toBe(100);
    expect(shown.last).toBeGreaterThanOrEqual(110);
  });

  it('handles an empty list', () => {
    expect(windowOf([], 0, 500)).toEqual({
      first: 0,
      last: 0,
      above: 0,
      below: 0
    });
  });
});
