import { Signal } from '@lumino/signaling';

import { ExecutingCells, IExecutions } from '../executing';
import { withoutOutputs } from '../handover';

type Execution = Parameters<
  Parameters<IExecutions['executionScheduled']['connect']>[0]
>[1];

/** A cell as far as it matters here. */
function makeCell(id: string) {
  return { isDisposed: false, model: { id, executionState: 'running' } };
}

describe('ExecutingCells', () => {
  const notebook = {};
  let scheduled: Signal<object, Execution>;
  let cells: ExecutingCells;

  beforeEach(() => {
    scheduled = new Signal<object, Execution>({});
    cells = new ExecutingCells({ executionScheduled: scheduled });
  });

  const schedule = (cell: object) =>
    scheduled.emit({ notebook, cell } as Execution);
  const executing = () => cells.of(notebook as Execution['notebook']);

  it('names the first that was scheduled and has not ended', () => {
    const [first, second] = [makeCell('c1'), makeCell('c2')];
    schedule(first);
    schedule(second);
    expect(executing()).toBe('c1');
    first.model.executionState = 'idle';
    expect(executing()).toBe('c2');
    second.model.executionState = 'idle';
    expect(executing()).toBeUndefined();
  });

  it('forgets a cell that was deleted', () => {
    const cell = makeCell('c1');
    schedule(cell);
    cell.isDisposed = true;
    expect(executing()).toBeUndefined();
  });

  it('hears nothing after its end', () => {
    cells.dispose();
    schedule(makeCell('c1'));
    expect(executing()).toBeUndefined();
  });
});

describe('withoutOutputs', () => {
  it('leaves sources and metadata, and takes outputs away', () => {
    const code = {
      cell_type: 'code',
      id: 'a',
      metadata: { tags: ['t'] },
      source: '1 + 1',
      execution_count: 3,
      outputs: [{ output_type: 'stream', name: 'stdout', text: '2' }]
    };
    const text = { cell_type: 'markdown', id: 'b', metadata: {}, source: '#' };
    const notebook = {
      cells: [code, text],
      metadata: {},
      nbformat: 4,
      nbformat_minor: 5
    };
    expect(withoutOutputs(notebook).cells).toEqual([
      { ...code, execution_count: null, outputs: [] },
      text
    ]);
    expect(code.outputs).toHaveLength(1);
  });
});
