import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ApiError, Change } from '../api';
import { IWorkspaceConnection } from '../tokens';
import { Coalescer } from './coalescer';

/**
 * A short list that is read as a whole whenever a change of certain kinds is told. It sleeps until somebody looks.
 */
export class ListModel<T> implements IDisposable {
  constructor(private readonly _options: ListModel.IOptions<T>) {
    const { connection } = _options;
    connection.workspaceChanged.connect(this._reset, this);
    connection.changed.connect(this._onChanges, this);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get items(): readonly T[] {
    return this._items;
  }

  /** Whether it was read, so that an empty list means that there is nothing. */
  get isLoaded(): boolean {
    return this._isLoaded;
  }

  get error(): ApiError | null {
    return this._error;
  }

  get active(): boolean {
    return this._active;
  }

  set active(active: boolean) {
    this._active = active;
    if (active) {
      this._reader.request();
    }
  }

  /** Read the list anew. */
  refresh(): void {
    this._reader.request();
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    const { connection } = this._options;
    connection.workspaceChanged.disconnect(this._reset, this);
    connection.changed.disconnect(this._onChanges, this);
    this._reader.dispose();
    Signal.clearData(this);
  }

  private _onChanges(_: unknown, changes: readonly Change[]): void {
    const { kinds } = this._options;
    if (changes.some(change => kinds.includes(change.kind))) {
      this._reader.request();
    }
  }

  private _reset(): void {
    this._items = [];
    this._error = null;
    this._isLoaded = false;
    this._changed.emit();
    this._reader.request();
  }

  /** Read the list now, whatever was read shortly before. */
  async read(): Promise<void> {
    const { connection, read } = this._options;
    if (!this._active || connection.info === null) {
      return;
    }
    const workspace = connection.info.id;
    try {
      const items = await read(connection);
      if (connection.info?.id === workspace) {
        this._items = items;
        this._isLoaded = true;
        this._error = null;
      }
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      if (connection.info?.id !== workspace) {
        return;
      }
      this._error = error.code === 'network' ? null : error;
    }
    this._changed.emit();
  }

  private _active = false;
  private _changed = new Signal<this, void>(this);
  private _error: ApiError | null = null;
  private _isDisposed = false;
  private _isLoaded = false;
  private _items: readonly T[] = [];
  private _reader = new Coalescer(() => this.read(), 1000);
}

export namespace ListModel {
  export interface IOptions<T> {
    connection: IWorkspaceConnection;
    /** Kinds of changes after which the list is read again. */
    kinds: readonly string[];
    read: (connection: IWorkspaceConnection) => Promise<readonly T[]>;
  }
}
