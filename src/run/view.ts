import { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { RunDetailModel } from '../runs/detail';
import { IWorkspaceConnection } from '../tokens';
import { Curves } from './curves';
import { RunDoer } from './doing';
import { RunEdits } from './edits';

/**
 * All that a place shows of one run, in a workspace that stays the same whatever document is in front. It sleeps while
 * nobody sees it.
 */
export class RunView implements IDisposable {
  /**
   * @param workspace id of the run's workspace, whose connection this is
   * @param run id of the run
   * @param choices which logged values somebody opened or closed, by their names, where views share that
   */
  constructor(
    readonly connection: IWorkspaceConnection,
    readonly workspace: string,
    readonly run: string,
    choices?: Map<string, boolean>
  ) {
    this.detail = new RunDetailModel(connection, choices);
    this.curves = new Curves(connection);
    this.doer = new RunDoer(connection, workspace);
    this.edits = new RunEdits(connection, this.detail);
    this.detail.changed.connect(this._onDetail, this);
    connection.stateChanged.connect(this._onState, this);
    this.detail.setRun(run);
  }

  readonly detail: RunDetailModel;
  readonly curves: Curves;
  readonly doer: RunDoer;
  readonly edits: RunEdits;

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get active(): boolean {
    return this._watch !== null;
  }

  /** Whether it is on screen. */
  set active(active: boolean) {
    if (active !== this.active) {
      this._watch?.dispose();
      this._watch = active ? this.connection.watch() : null;
      this.detail.active = active;
      if (!active) {
        // A field that is hidden is left without a word of the browser's.
        void this.edits.saveNote();
      }
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this.active = false;
    this.connection.stateChanged.disconnect(this._onState, this);
    this.detail.changed.disconnect(this._onDetail, this);
    this.edits.dispose();
    this.detail.dispose();
    this.curves.dispose();
    Signal.clearData(this);
  }

  private _onDetail(): void {
    if (this.detail.run !== null) {
      this.curves.setRun(this.detail.run);
    }
  }

  /** A first read that nobody answered is told of by no change. */
  private _onState(): void {
    const { detail, connection } = this;
    if (
      detail.run === null &&
      !detail.error &&
      connection.state === 'connected'
    ) {
      detail.refresh();
    }
  }

  private _isDisposed = false;
  private _watch: IDisposable | null = null;
}
