import { makeMetric, makeRun } from '../../__tests__/server';
import { BY_NUMBER, IOrder, orderText, pressed, sorted } from '../order';

const RUNS = [
  makeRun(1, {
    params: { lr: '10' },
    metrics: [makeMetric('acc', { last: 0.5 })]
  }),
  makeRun(2, {
    params: { lr: '9' },
    metrics: [makeMetric('acc', { last: 'NaN' })]
  }),
  makeRun(3, { params: { lr: 'auto' }, metrics: [] }),
  makeRun(4, { metrics: [makeMetric('acc', { last: '-Infinity' })] }),
  makeRun(5, { params: { lr: '9' }, metrics: [makeMetric('acc', { last: 2 })] })
];
const numbers = (order: IOrder) =>
  sorted(RUNS, order, Date.now()).map(run => run.number);
const lr = { kind: 'param', name: 'lr' } as const;
const acc = { kind: 'metric', name: 'acc' } as const;

describe('the order of runs', () => {
  it('takes parameters that are numbers for numbers, and none at all last', () => {
    expect(numbers({ column: lr, isDescending: false })).toEqual([
      2, 5, 1, 3, 4
    ]);
    expect(numbers({ column: lr, isDescending: true })).toEqual([
      3, 1, 5, 2, 4
    ]);
  });

  it('has runs whose metric is no number, or that have none, last either way', () => {
    expect(numbers({ column: acc, isDescending: false })).toEqual([
      4, 1, 5, 2, 3
    ]);
    expect(numbers({ column: acc, isDescending: true })).toEqual([
      5, 1, 4, 2, 3
    ]);
  });

  it('goes up, down, and back to the numbers with each press', () => {
    const up = pressed(BY_NUMBER, acc);
    expect(up).toEqual({ column: acc, isDescending: false });
    const down = pressed(up, acc);
    expect(down.isDescending).toBe(true);
    expect(pressed(down, acc)).toEqual(BY_NUMBER);
    expect(pressed(BY_NUMBER, BY_NUMBER.column).isDescending).toBe(true);
    expect(pressed(up, lr)).toEqual({ column: lr, isDescending: false });
  });

  it('is told to the server in its own words', () => {
    const column = { kind: 'metric', name: 'val loss' } as const;
    expect(orderText({ column, isDescending: true })).toBe(
      'metrics.`val loss` desc'
    );
    expect(orderText(BY_NUMBER)).toBe('number asc');
    expect(
      orderText({ column: { kind: 'param', name: '`' }, isDescending: false })
    ).toBeNull();
  });
});
