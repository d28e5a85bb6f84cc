import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ApiError, Change, RunLine } from '../api';
import { Hold } from '../model/hold';
import { IWorkspaceConnection } from '../tokens';
import { Listed } from './listed';
import { IPins } from './pins';
import { parseQuery } from './query';
import { IListing, Questions } from './questions';
import { IWish, ListReader } from './reading';
import { Row } from './rows';
import { ListUpdates } from './updates';

/** Which runs are listed: those of the notebook in front, or all. */
export type Scope = 'document' | 'all';

/**
 * Which runs are listed: as much of them as somebody looked at is read, then kept up by what the connection tells. It
 * sleeps until somebody looks.
 */
export class RunListing implements IDisposable, IWish {
  constructor(
    protected readonly _connection: IWorkspaceConnection,
    private readonly _pins: IPins | null = null
  ) {
    const emit = () => this._emit();
    const questions = new Questions(_connection);
    this._reader = new ListReader(
      this,
      this._listed,
      questions,
      emit,
      () => this._readPins(),
      ids => void this._updates.readOpened(ids)
    );
    this._updates = new ListUpdates(
      this,
      this._listed,
      this._reader,
      questions,
      emit
    );
    _connection.workspaceChanged.connect(this._reset, this);
    _connection.stateChanged.connect(this._onState, this);
    _connection.changed.connect(this._onChanges, this);
    _pins?.changed.connect(this._onPins, this);
    this._document = _connection.document;
  }

  /** Something that a view shows changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get isLoaded(): boolean {
    return this._reader.isLoaded;
  }

  get error(): ApiError | null {
    return this._reader.error;
  }

  /** Why the condition that was typed cannot be understood; the list stays what it was. */
  get queryError(): ApiError | null {
    return this._reader.queryError;
  }

  /** Whether the server has not answered yet what was typed. */
  get isSearching(): boolean {
    return this._reader.isSearching;
  }

  /** The lines, from the top. */
  get rows(): readonly Row[] {
    return this._tree.rows;
  }

  /** How many lines at the top level are not read yet. */
  get unread(): number {
    if (this._listed.next === null || this.isSearching) {
      return 0;
    }
    return Math.max(1, (this._tree.total ?? 0) - this._tree.top.length);
  }

  /** How many runs of the top level are read. */
  get listed(): number {
    return this._tree.top.length;
  }

  get scope(): Scope {
    return this._scope;
  }

  set scope(scope: Scope) {
    if (scope !== this._scope) {
      this._scope = scope;
      this._reset();
    }
  }

  /** Whether there is a notebook in front to which the list can be narrowed. */
  get hasDocument(): boolean {
    return this._document !== '';
  }

  /** What was typed to narrow the list: text to look for, or a condition. */
  get search(): string {
    return this._search;
  }

  set search(text: string) {
    if (text === this._search) {
      return;
    }
    const query = parseQuery(text);
    this._search = text;
    this._reader.forgive();
    // What is known here is looked through at once; the answer tells the rest, and what a condition finds.
    this._tree.narrowed = query.filter === null ? query : null;
    this._updatePins();
    this._reader.request();
    this._emit();
  }

  /** What the server is asked for. */
  get listing(): IListing {
    const narrow = this._scope === 'document' && this._document !== '';
    return {
      document: narrow ? this._document : null,
      ...parseQuery(this._search)
    };
  }

  get active(): boolean {
    return this._active;
  }

  set active(active: boolean) {
    if (active === this._active) {
      return;
    }
    this._active = active;
    if (active) {
      this._tree.user = this._connection.info?.user ?? '';
      this._reader.request();
    }
  }

  /** Whether somebody looks, and there is a workspace to ask. */
  get isAwake(): boolean {
    return this._active && this._connection.info !== null;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._connection.workspaceChanged.disconnect(this._reset, this);
    this._connection.stateChanged.disconnect(this._onState, this);
    this._connection.changed.disconnect(this._onChanges, this);
    this._pins?.changed.disconnect(this._onPins, this);
    this._reader.dispose();
    this._updates.dispose();
    Signal.clearData(this);
  }

  /** Index of the line of a run, -1 where it has none. */
  indexOf(id: string | null): number {
    return this._tree.indexOf(id);
  }

  /** A run of the list, by its id. */
  find(id: string): RunLine | undefined {
    return this._tree.find(id);
  }

  /** Open or close the children of a run. */
  toggle(id: string, open = !this._tree.expanded.has(id)): void {
    if (open) {
      this._tree.open(id);
      void this._updates.readChildren(id);
    } else {
      this._tree.close(id);
    }
    this._emit();
  }

  isPinned(id: string): boolean {
    return this._pins?.of(this._workspace).includes(id) ?? false;
  }

  /** Keep a run on top of the list, or no longer. */
  pin(id: string, pinned: boolean): void {
    const others = this._pins?.of(this._workspace).filter(it => it !== id);
    this._pins?.set(this._workspace, pinned ? [...others!, id] : others!);
  }

  /** Read the whole list anew. */
  refresh(): void {
    this._reader.request();
  }

  /** Read on until so many runs of the top level are here, or all. */
  need(count: number): Promise<void> {
    return this._reader.need(count);
  }

  protected get _tree(): Listed['tree'] {
    return this._listed.tree;
  }

  private get _workspace(): string {
    return this._connection.info?.id ?? '';
  }

  private _onState(): void {
    this._tree.user = this._connection.info?.user ?? '';
    if (this._connection.state === 'connected') {
      this._reader.goOn();
    }
    if (this._connection.document !== this._document) {
      this._document = this._connection.document;
      if (this._scope === 'document') {
        this._reset();
      } else {
        this._emit();
      }
    }
    if (this._hold.look(this._connection.info)) {
      this._updates.readLive();
    }
  }

  private _onChanges(_: unknown, changes: readonly Change[]): void {
    this._updates.tell(changes);
  }

  private _onPins(): void {
    this._readPins();
    this._emit();
  }

  private _reset(): void {
    this._listed.reset();
    this._reader.reset();
    this._updates.reset();
    this._updatePins();
    this._onReset();
    this._emit();
    if (this._active) {
      this._reader.request();
    }
  }

  /** While something is looked for, what is pinned stands in its place. */
  private _updatePins(): void {
    const pins = this._pins?.of(this._workspace) ?? [];
    this._tree.pinned = this._search === '' ? pins : [];
  }

  private _readPins(): void {
    this._updatePins();
    void this._updates.readPinned();
  }

  /** Nothing that was listed is any more. */
  protected _onReset(): void {
    // For those who know more than what is listed.
  }

  /** Runs were left out of the lines that there were before. */
  protected _onDropped(
    _gone: ReadonlySet<string>,
    _before: readonly Row[]
  ): void {
    // For those who know more than what is listed.
  }

  /** Runs were listed. */
  protected _onListed(): void {
    // For those who know more than what is listed.
  }

  protected _emit(): void {
    this._changed.emit();
  }

  private _active = false;
  private _changed = new Signal<this, void>(this);
  private _document = '';
  private _hold = new Hold();
  private _isDisposed = false;
  protected readonly _listed = new Listed({
    onChange: () => this._emit(),
    onListed: () => this._onListed(),
    onDropped: (gone, before) => this._onDropped(gone, before)
  });
  private readonly _reader: ListReader;
  private _scope: Scope = 'document';
  private _search = '';
  private readonly _updates: ListUpdates;
}
