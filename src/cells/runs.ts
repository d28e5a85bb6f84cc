import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ApiError, Change, Run } from '../api';
import { Coalescer } from '../model/coalescer';
import { hasEnded } from '../runs/status';
import { IWorkspaceConnection } from '../tokens';

/** Among so many of the notebook's newest runs those of its cells are looked for. */
const MOST_RUNS = 100;

/**
 * The newest run of each cell of a notebook.
 *
 * Nothing is asked before somebody looks, and what changes is followed only while somebody does and a run is live.
 */
export class CellRuns implements IDisposable {
  constructor(private readonly _options: CellRuns.IOptions) {}

  /** The runs changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Whether changes are followed at this moment. */
  get isAwake(): boolean {
    return this._watch !== null;
  }

  /** Id of the workspace, null until it is known. */
  get workspace(): string | null {
    return this._workspace;
  }

  /** Whether any cell has a run. */
  get hasAny(): boolean {
    return this._runs.size > 0;
  }

  /** Of the cells' newest runs those that go on. */
  get live(): Run[] {
    return [...this._runs.values()].filter(run => !hasEnded(run));
  }

  /** The newest run of a cell. */
  of(cell: string): Run | null {
    return this._runs.get(cell) ?? null;
  }

  get seen(): boolean {
    return this._seen;
  }

  /** Whether somebody looks at the notebook. */
  set seen(seen: boolean) {
    if (seen !== this._seen && !this._isDisposed) {
      this._seen = seen;
      this._follow();
      if (seen) {
        this.refresh();
      }
    }
  }

  /** A run may have been submitted: look. */
  refresh(): void {
    if (this._seen) {
      this._reader.request();
    }
  }

  /** The notebook has another name, under which it may belong to another workspace. */
  reset(): void {
    this._leave();
    this._workspace = null;
    this._runs.clear();
    this._changed.emit();
    this.refresh();
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._leave();
      this._reader.dispose();
      Signal.clearData(this);
    }
  }

  private _leave(): void {
    this._watch?.dispose();
    this._watch = null;
    this._connection?.changed.disconnect(this._onChanges, this);
    this._connection = null;
  }

  private async _read(): Promise<void> {
    const path = this._options.path();
    try {
      const connection = this._connection ?? (await this._connect(path));
      const { items } = await connection.request('runs.list', {
        document: path,
        limit: MOST_RUNS
      });
      if (!this._isDisposed && path === this._options.path()) {
        this._take(items);
      }
    } catch (error) {
      // A badge is no place for trouble: the panel says what is wrong, and the next look tries again.
      if (!(error instanceof ApiError)) {
        throw error;
      }
    }
  }

  private async _connect(path: string): Promise<IWorkspaceConnection> {
    const { id } = await this._options.resolve(path);
    this._workspace = id;
    this._connection = this._options.connect(id);
    this._connection.changed.connect(this._onChanges, this);
    return this._connection;
  }

  private _take(runs: readonly Run[]): void {
    this._runs = new Map();
    for (const run of runs) {
      const cell = run.source.cell_id;
      if (cell !== '' && !this._runs.has(cell)) {
        this._runs.set(cell, run);
      }
    }
    this._follow();
    this._changed.emit();
  }

  private _follow(): void {
    if (this._seen && this.live.length > 0) {
      this._watch ??= this._connection?.watch() ?? null;
    } else {
      this._watch?.dispose();
      this._watch = null;
    }
  }

  private _onChanges(_: unknown, changes: readonly Change[]): void {
    const live = new Set(this.live.map(run => run.id));
    const concernsUs = ({ kind, subject }: Change) =>
      kind === 'run' || (kind === 'metric' && live.has(subject));
    if (changes.some(concernsUs)) {
      this.refresh();
    }
  }

  private _changed = new Signal<this, void>(this);
  private _connection: IWorkspaceConnection | null = null;
  private _isDisposed = false;
  private _reader = new Coalescer(() => this._read(), 1000);
  private _runs = new Map<string, Run>();
  private _seen = false;
  private _watch: IDisposable | null = null;
  private _workspace: string | null = null;
}

export namespace CellRuns {
  export interface IOptions {
    /** Path of the notebook, without the name of a drive. */
    path: () => string;
    /** The workspace of a notebook. */
    resolve: (path: string) => Promise<{ id: string }>;
    connect: (workspace: string) => IWorkspaceConnection;
  }
}
