import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ApiError, Experiment } from '../api';
import { ListModel } from '../model/list';
import { RunListModel, Scope } from '../runs/model';
import { IWorkspaceConnection } from '../tokens';

/** A page of experiments is this long at most; older ones are found by the command line. */
const LIMIT = 1000;

/** The list of runs, which shows those of one experiment on request. */
export type INarrowable = Pick<RunListModel, 'changed' | 'scope' | 'search'>;

/**
 * The experiments of the workspace, newest first: which of them are looked for, and whose runs are listed.
 */
export class ExperimentsModel implements IDisposable {
  constructor(
    private readonly _connection: IWorkspaceConnection,
    private readonly _runs: INarrowable
  ) {
    this._list = new ListModel<Experiment>({
      connection: _connection,
      // Also told when one has more runs or fewer.
      kinds: ['experiment'],
      read: async it => {
        const page = await it.request('experiments.list', {
          limit: LIMIT,
          include_archived: true
        });
        this._isCut = page.next_cursor !== null;
        return page.items;
      }
    });
    this._list.changed.connect(this._emit, this);
    this._search = _runs.search;
    _runs.changed.connect(this._onRuns, this);
    _connection.workspaceChanged.connect(this._onWorkspace, this);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get isLoaded(): boolean {
    return this._list.isLoaded;
  }

  get error(): ApiError | null {
    return this._list.error;
  }

  get active(): boolean {
    return this._list.active;
  }

  set active(active: boolean) {
    this._list.active = active;
  }

  /** How many there are, the archived ones left out. */
  get count(): number {
    return this._list.items.filter(it => it.archived_at === null).length;
  }

  get archivedCount(): number {
    return this._list.items.length - this.count;
  }

  /** Whether older ones were not read. */
  get isCut(): boolean {
    return this._isCut;
  }

  /** What was typed to find some of them. */
  get typed(): string {
    return this._typed;
  }

  set typed(text: string) {
    this._typed = text;
    this._emit();
  }

  /** Whether archived ones are listed, too. */
  get withArchived(): boolean {
    return this._withArchived;
  }

  set withArchived(withArchived: boolean) {
    this._withArchived = withArchived;
    this._emit();
  }

  /** Those that are listed. */
  get items(): readonly Experiment[] {
    const text = this._typed.trim().toLowerCase();
    return this._list.items.filter(
      it => (this._withArchived || it.archived_at === null) && has(it, text)
    );
  }

  /** Whether the runs of an experiment, and only these, are listed. */
  isShown(name: string): boolean {
    return this._runs.search === conditionOf(name);
  }

  /** List the runs of an experiment, of whatever notebook, in place of what is listed. */
  show(name: string): void {
    if (!this._list.items.some(it => this.isShown(it.name))) {
      this._scope = this._runs.scope;
    }
    this._runs.scope = 'all';
    this._runs.search = conditionOf(name);
  }

  /** List what was listed before the runs of this experiment were; nothing where they are not. */
  leave(name: string): void {
    if (this.isShown(name)) {
      this._runs.search = '';
      this._runs.scope = this._scope;
    }
  }

  /** Read them anew. */
  refresh(): void {
    this._list.refresh();
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._list.dispose();
    this._runs.changed.disconnect(this._onRuns, this);
    this._connection.workspaceChanged.disconnect(this._onWorkspace, this);
    Signal.clearData(this);
  }

  private _emit(): void {
    this._changed.emit();
  }

  /** The list of runs changes all the time, what is looked for in it does not. */
  private _onRuns(): void {
    if (this._runs.search !== this._search) {
      this._search = this._runs.search;
      this._emit();
    }
  }

  private _onWorkspace(): void {
    this._typed = '';
    this._withArchived = false;
    this._scope = 'all';
    this._emit();
  }

  private _changed = new Signal<this, void>(this);
  private _isCut = false;
  private _isDisposed = false;
  private _list: ListModel<Experiment>;
  /** Which runs were listed before those of an experiment were. */
  private _scope: Scope = 'all';
  private _search: string;
  private _typed = '';
  private _withArchived = false;
}

/** The condition that a run is of an experiment. A name has no quotes in it. */
export function conditionOf(name: string): string {
  return `experiment = '${name}'`;
}

/** Whether a text is somewhere in what people wrote about an experiment. */
function has(experiment: Experiment, text: string): boolean {
  const { name, description, tags } = experiment;
  return (
    text === '' ||
    [name, description, ...Object.entries(tags).flat()].some(it =>
      it.toLowerCase().includes(text)
    )
  );
}
