import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ApiError, Change, Run } from '../api';
import { Coalescer } from '../model/coalescer';
import { IWorkspaceConnection } from '../tokens';

const PAGE = 200;

/** The runs below a run, in the order of their numbers, a page of them at a time. */
export class ChildrenModel implements IDisposable {
  constructor(
    private readonly _connection: IWorkspaceConnection,
    private readonly _parent: string
  ) {
    _connection.changed.connect(this._onChanges, this);
    this._reader.request();
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get runs(): readonly Run[] {
    return this._runs;
  }

  get isLoaded(): boolean {
    return this._isLoaded;
  }

  get hasMore(): boolean {
    return this._hasMore;
  }

  get error(): ApiError | null {
    return this._error;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._connection.changed.disconnect(this._onChanges, this);
      this._reader.dispose();
      Signal.clearData(this);
    }
  }

  /** Read another page beyond those that are here. */
  readMore(): void {
    this._pages += 1;
    this._reader.request();
  }

  private _onChanges(_: unknown, changes: readonly Change[]): void {
    const ids = new Set([this._parent, ...this._runs.map(run => run.id)]);
    const isMeant = (change: Change) =>
      ids.has(change.subject) &&
      (change.kind === 'run' || change.kind === 'metric');
    if (changes.some(isMeant)) {
      this._reader.request();
    }
  }

  private async _read(): Promise<void> {
    try {
      const runs: Run[] = [];
      let cursor: string | null = null;
      for (let i = 0; i < this._pages; i++) {
        const page: { items: Run[]; next_cursor: string | null } =
          await this._connection.request('runs.list', {
            parent: this._parent,
            limit: PAGE,
            cursor
          });
        runs.push(...page.items);
        cursor = page.next_cursor;
        if (cursor === null) {
          break;
        }
      }
      this._runs = runs.sort((a, b) => a.number - b.number);
      this._hasMore = cursor !== null;
      this._isLoaded = true;
      this._error = null;
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      this._error = error.code === 'network' ? null : error;
    }
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _changed = new Signal<this, void>(this);
  private _error: ApiError | null = null;
  private _hasMore = false;
  private _isDisposed = false;
  private _isLoaded = false;
  private _pages = 1;
  private _reader = new Coalescer(() => this._read(), 1000);
  private _runs: readonly Run[] = [];
}
