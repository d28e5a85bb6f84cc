import type { Cell, ICodeCellModel } from '@jupyterlab/cells';
import type { Notebook } from '@jupyterlab/notebook';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

interface IExecution {
  notebook: Notebook;
  cell: Cell;
}

/** The part of `NotebookActions` that tells of executions. */
export interface IExecutions {
  readonly executionScheduled: ISignal<unknown, IExecution>;
}

/**
 * Knows which cell a notebook is executing: the first of those that were scheduled and have not ended. (The active
 * cell is the next one already, after Shift Enter.)
 */
export class ExecutingCells implements IDisposable {
  constructor(private readonly _executions: IExecutions) {
    _executions.executionScheduled.connect(this._onScheduled, this);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._executions.executionScheduled.disconnect(this._onScheduled, this);
      Signal.clearData(this);
    }
  }

  /** Id of the cell that is executing, undefined when none is. */
  of(notebook: Notebook): string | undefined {
    return this._unfinished(notebook)[0]?.model.id;
  }

  private _onScheduled(_: unknown, { notebook, cell }: IExecution): void {
    this._queues.set(notebook, [...this._unfinished(notebook), cell]);
  }

  private _unfinished(notebook: Notebook): Cell[] {
    const queue = this._queues.get(notebook) ?? [];
    return queue.filter(cell => !cell.isDisposed && isExecuting(cell));
  }

  private _isDisposed = false;
  private _queues = new WeakMap<Notebook, Cell[]>();
}

function isExecuting(cell: Cell): boolean {
  return (cell.model as Partial<ICodeCellModel>).executionState === 'running';
}
