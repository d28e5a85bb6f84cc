import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ApiError, Change, Run } from '../api';
import { Coalescer } from '../model/coalescer';
import { hasEnded } from '../runs/status';
import { IWorkspaceConnection } from '../tokens';

/** A run whose end somebody waits for. */
export interface IAwaited {
  readonly workspace: string;
  readonly run: string;
}

export interface IEnding {
  readonly workspace: string;
  readonly run: Run;
}

/**
 * Waits for the ends of runs, each told once. A workspace is followed as long as one of its runs is awaited.
 */
export class Endings implements IDisposable {
  constructor(
    private readonly _connect: (workspace: string) => IWorkspaceConnection
  ) {}

  /** A run has ended. */
  get ended(): ISignal<this, IEnding> {
    return this._ended;
  }

  /** Other runs are awaited than before. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** What is awaited. */
  get awaited(): IAwaited[] {
    return [...this._workspaces].flatMap(([workspace, { runs }]) =>
      [...runs].map(run => ({ workspace, run }))
    );
  }

  /** Wait for the end of a run, unless that is waited for already. */
  follow({ workspace, run }: IAwaited): void {
    if (this._isDisposed) {
      return;
    }
    const known =
      this._workspaces.get(workspace) ??
      new Followed(this._connect(workspace), ended =>
        this._onEnd(workspace, ended)
      );
    this._workspaces.set(workspace, known);
    if (!known.runs.has(run)) {
      known.runs.add(run);
      known.look();
      this._changed.emit();
    }
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._workspaces.forEach(it => it.dispose());
      this._workspaces.clear();
      Signal.clearData(this);
    }
  }

  private _onEnd(workspace: string, run: Run | null): void {
    const followed = this._workspaces.get(workspace);
    if (followed?.runs.size === 0) {
      followed.dispose();
      this._workspaces.delete(workspace);
    }
    this._changed.emit();
    if (run !== null) {
      this._ended.emit({ workspace, run });
    }
  }

  private _changed = new Signal<this, void>(this);
  private _ended = new Signal<this, IEnding>(this);
  private _isDisposed = false;
  private _workspaces = new Map<string, Followed>();
}

/** The awaited runs of one workspace. */
class Followed implements IDisposable {
  constructor(
    private readonly _connection: IWorkspaceConnection,
    /** A run ended, or is there no more. */
    private readonly _onEnd: (run: Run | null) => void
  ) {
    _connection.changed.connect(this._onChanges, this);
    this._watch = _connection.watch();
  }

  readonly runs = new Set<string>();

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Look after all that is told of was told: what ended before that is seen here, what ends later is told. */
  look(): void {
    const { _connection: connection } = this;
    void connection.refresh().then(
      () => this._reader.request(),
      () => this._reader.request()
    );
  }

  dispose(): void {
    this._isDisposed = true;
    this._connection.changed.disconnect(this._onChanges, this);
    this._reader.dispose();
    this._watch.dispose();
  }

  private _onChanges(_: unknown, changes: readonly Change[]): void {
    if (changes.some(it => it.kind === 'run' && this.runs.has(it.subject))) {
      this._reader.request();
    }
  }

  private async _read(): Promise<void> {
    for (const id of [...this.runs]) {
      const run = await this._find(id);
      if (!this._isDisposed && (run === 'gone' || (run && hasEnded(run)))) {
        this.runs.delete(id);
        this._onEnd(run === 'gone' ? null : run);
      }
    }
  }

  /** A run; 'gone' where there is none any more, null where nobody answers, which is asked again with the next change. */
  private async _find(id: string): Promise<Run | 'gone' | null> {
    try {
      return await this._connection.request('runs.get', { run: id });
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      return error.code === 'not_found' ? 'gone' : null;
    }
  }

  private _isDisposed = false;
  private _reader = new Coalescer(() => this._read(), 1000);
  private _watch: IDisposable;
}
