import type { Cell, ICodeCellModel } from '@jupyterlab/cells';
import type { IOutputAreaModel } from '@jupyterlab/outputarea';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { MIME_TYPE, readBundle } from '../card/bundle';
import { IRunRef, IRunSource } from './following';

/** The part of the notebook tracker that tells of the active cell. */
export interface IActiveCell {
  readonly activeCell: Cell | null;
  readonly activeCellChanged: ISignal<unknown, Cell | null>;
}

/** The part of `NotebookActions` that tells of executions. */
export interface ICellExecutions {
  readonly executionScheduled: ISignal<unknown, { cell: Cell }>;
}

/**
 * The run of the active cell, as the card in its output names it. A cell that was just executed counts as active,
 * though Shift Enter has gone on to the next one.
 */
export class CellRun implements IRunSource, IDisposable {
  constructor(
    private readonly _active: IActiveCell,
    private readonly _executions: ICellExecutions
  ) {
    _active.activeCellChanged.connect(this._onActive, this);
    _executions.executionScheduled.connect(this._onScheduled, this);
    this._watchActive(_active.activeCell);
    this._ref = refOf(this._activeOutputs);
  }

  get ref(): IRunRef | null {
    return this._ref;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._active.activeCellChanged.disconnect(this._onActive, this);
      this._executions.executionScheduled.disconnect(this._onScheduled, this);
      this._activeOutputs?.changed.disconnect(this._look, this);
      this._executed?.changed.disconnect(this._look, this);
      Signal.clearData(this);
    }
  }

  private _onActive(_: unknown, cell: Cell | null): void {
    this._watchActive(cell);
    const { _activeOutputs: outputs } = this;
    if (outputs !== null) {
      this._look(outputs);
    }
  }

  private _watchActive(cell: Cell | null): void {
    this._activeOutputs?.changed.disconnect(this._look, this);
    this._activeOutputs = outputsOf(cell);
    this._activeOutputs?.changed.connect(this._look, this);
  }

  private _onScheduled(_: unknown, { cell }: { cell: Cell }): void {
    this._executed?.changed.disconnect(this._look, this);
    this._executed = outputsOf(cell);
    this._executed?.changed.connect(this._look, this);
  }

  private _look(outputs: IOutputAreaModel): void {
    const ref = refOf(outputs);
    if (ref !== null) {
      this._ref = ref;
      this._changed.emit();
    }
  }

  private _activeOutputs: IOutputAreaModel | null = null;
  private _changed = new Signal<this, void>(this);
  private _executed: IOutputAreaModel | null = null;
  private _isDisposed = false;
  private _ref: IRunRef | null = null;
}

function outputsOf(cell: Cell | null): IOutputAreaModel | null {
  return cell?.model.type === 'code'
    ? (cell.model as ICodeCellModel).outputs
    : null;
}

/** The run that the last card among outputs is about; null where there is none. */
function refOf(outputs: IOutputAreaModel | null): IRunRef | null {
  for (let i = (outputs?.length ?? 0) - 1; i >= 0; i--) {
    const bundle = readBundle(outputs!.get(i).data[MIME_TYPE]);
    if (bundle !== null) {
      const { workspace, run } = bundle;
      return { workspace, run };
    }
  }
  return null;
}
