import type { Cell } from '@jupyterlab/cells';
import type { IOutput } from '@jupyterlab/nbformat';
import { OutputAreaModel } from '@jupyterlab/outputarea';
import { Signal } from '@lumino/signaling';

import { MIME_TYPE } from '../../card/bundle';
import { CellRun } from '../cells';

/** A code cell with real outputs. */
function makeCell(...runs: string[]): { cell: Cell; outputs: OutputAreaModel } {
  const outputs = new OutputAreaModel({ trusted: true });
  runs.forEach(run => outputs.add(card(run)));
  const cell = { model: { type: 'code', outputs } } as unknown as Cell;
  return { cell, outputs };
}

function card(run: string): IOutput {
  const data = { [MIME_TYPE]: { workspace: 'w1', run }, 'text/plain': '' };
  return { output_type: 'display_data', data, metadata: {} };
}

describe('CellRun', () => {
  const active = {
    activeCell: null as Cell | null,
    activeCellChanged: new Signal<object, Cell | null>({})
  };
  const executions = {
    executionScheduled: new Signal<object, { cell: Cell }>({})
  };
  const make = () => new CellRun(active, executions);

  it('is the run of the last card of the active cell', () => {
    active.activeCell = makeCell('a', 'b').cell;
    const source = make();
    expect(source.ref).toEqual({ workspace: 'w1', run: 'b' });
    active.activeCellChanged.emit(makeCell('c').cell);
    expect(source.ref?.run).toBe('c');
    source.dispose();
  });

  it('stays with its run when a cell without one is active', () => {
    active.activeCell = makeCell('a').cell;
    const source = make();
    const seen = jest.fn();
    source.changed.connect(seen);
    active.activeCellChanged.emit(makeCell().cell);
    active.activeCellChanged.emit({ model: { type: 'markdown' } } as Cell);
    active.activeCellChanged.emit(null);
    expect(seen).not.toHaveBeenCalled();
    expect(source.ref?.run).toBe('a');
    source.dispose();
  });

  it('goes to the card that an executed cell shows, though another one is active', () => {
    active.activeCell = makeCell('a').cell;
    const source = make();
    const executed = makeCell();
    executions.executionScheduled.emit({ cell: executed.cell });
    active.activeCellChanged.emit(makeCell().cell);
    executed.outputs.add(card('new'));
    expect(source.ref?.run).toBe('new');
    source.dispose();
    executed.outputs.add(card('newer'));
    expect(source.ref?.run).toBe('new');
  });

  it('does not believe what a notebook says of paths', () => {
    active.activeCell = makeCell('../../x').cell;
    expect(make().ref).toBeNull();
  });
});
