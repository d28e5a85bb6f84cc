import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ApiError, Change, Page, Run } from '../api';
import { Coalescer } from '../model/coalescer';
import { IWorkspaceConnection } from '../tokens';
import { BY_NUMBER, IOrder, orderText } from './order';

const PAGE = 200;
/** More changed runs than this are read with all others. */
const SINGLY = 6;

/** The runs below a run, a page of them at a time, in an order that goes over all of them. */
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

  /** Whether changes are read at once; what changed meanwhile is read when they are again. */
  get isActive(): boolean {
    return this._isActive;
  }

  set isActive(active: boolean) {
    if (active !== this._isActive) {
      this._isActive = active;
      this._readStale();
    }
  }

  /** Those that are here, in any order. */
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

  get order(): IOrder {
    return this._order;
  }

  /** Where not all runs are here, the first in another order are others. */
  set order(order: IOrder) {
    this._order = order;
    if (this._hasMore) {
      this._readAll();
    }
    this._changed.emit();
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
    this._readAll();
  }

  /** Read all of them anew, as soon as somebody looks. */
  refresh(): void {
    this._isStale = true;
    this._readStale();
  }

  private _readAll(): void {
    this._isStale = true;
    this._reader.request();
  }

  private _onChanges(_: unknown, changes: readonly Change[]): void {
    const ids = new Set(this._runs.map(run => run.id));
    for (const { kind, subject } of changes) {
      if (kind === 'run' || kind === 'metric') {
        // A new child, or one that came to an end, changes its parent.
        this._isStale ||= subject === this._parent && kind === 'run';
        if (ids.has(subject)) {
          this._stale.add(subject);
        }
      }
    }
    this._readStale();
  }

  private _readStale(): void {
    if (this._isActive && (this._isStale || this._stale.size > 0)) {
      this._reader.request();
    }
  }

  private async _read(): Promise<void> {
    const stale = [...this._stale];
    const isAll = this._isStale || stale.length > SINGLY;
    this._stale.clear();
    this._isStale = false;
    try {
      if (isAll) {
        await this._readPages();
      } else {
        await this._readSome(stale);
      }
      this._error = null;
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      this._isStale = true;
      this._error = error.code === 'network' ? null : error;
    }
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private async _readPages(): Promise<void> {
    const order = this._order;
    const runs: Run[] = [];
    let cursor: string | null = null;
    for (let i = 0; i < this._pages; i++) {
      const page: Page<Run> = await this._connection.request('runs.list', {
        parent: this._parent,
        order_by: orderText(order),
        limit: PAGE,
        cursor
      });
      runs.push(...page.items);
      cursor = page.next_cursor;
      if (cursor === null) {
        break;
      }
    }
    if (order === this._order || cursor === null) {
      this._runs = runs;
      this._hasMore = cursor !== null;
      this._isLoaded = true;
    }
  }

  private async _readSome(ids: readonly string[]): Promise<void> {
    const read = await Promise.all(
      ids.map(run => this._connection.request('runs.get', { run }))
    );
    const fresh = new Map(read.map(run => [run.id, run]));
    this._runs = this._runs.map(run => fresh.get(run.id) ?? run);
  }

  private _changed = new Signal<this, void>(this);
  private _error: ApiError | null = null;
  private _hasMore = false;
  private _isActive = true;
  private _isDisposed = false;
  private _isLoaded = false;
  private _isStale = true;
  private _order = BY_NUMBER;
  private _pages = 1;
  private _reader = new Coalescer(() => this._read(), 1000);
  private _runs: readonly Run[] = [];
  private _stale = new Set<string>();
}
