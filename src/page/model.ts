import { IDisposable } from '@lumino/disposable';

import { ISignal, Signal } from '@lumino/signaling';

import { Curves } from '../run/curves';
import { RunDetailModel } from '../runs/detail';
import { RunListModel } from '../runs/model';
import { IWorkspaceConnection } from '../tokens';

/** The tabs of a run's page. */
export const TABS = [
  'overview',
  'metrics',
  'logs',
  'outputs',
  'code',
  'environment',
  'children'
] as const;

export type TabId = (typeof TABS)[number];

export function isTab(value: unknown): value is TabId {
  return TABS.some(tab => tab === value);
}

/**
 * One run as its page shows it, in a workspace that stays the same whatever document is in front.
 */
export class RunPageModel implements IDisposable {
  constructor(
    readonly connection: IWorkspaceConnection,
    readonly workspace: string,
    readonly run: string
  ) {
    this.detail = new RunDetailModel(connection);
    this.curves = new Curves(connection);
    this.runs = new RunListModel(connection);
    this.detail.changed.connect(this._onDetail, this);
    connection.stateChanged.connect(this._onState, this);
    this.detail.setRun(run);
  }

  readonly detail: RunDetailModel;
  readonly curves: Curves;
  /** Does what is to be done about the run; lists nothing. */
  readonly runs: RunListModel;

  /** Another tab is in front. */
  get tabChanged(): ISignal<this, TabId> {
    return this._tabChanged;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get tab(): TabId {
    return this._tab;
  }

  set tab(tab: TabId) {
    if (tab !== this._tab) {
      this._tab = tab;
      this._tabChanged.emit(tab);
    }
  }

  get active(): boolean {
    return this._watch !== null;
  }

  /** Whether the page is on screen; otherwise it sleeps. */
  set active(active: boolean) {
    if (active !== this.active) {
      this._watch?.dispose();
      this._watch = active ? this.connection.watch() : null;
      this.detail.active = active;
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
    this.detail.dispose();
    this.curves.dispose();
    this.runs.dispose();
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
  private _tab: TabId = 'overview';
  private _tabChanged = new Signal<this, TabId>(this);
  private _watch: IDisposable | null = null;
}
