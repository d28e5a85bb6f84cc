import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import {
  ApiError,
  Change,
  Deletion,
  Page,
  Rerun,
  Run,
  RunSubmission
} from '../api';
import { Coalescer } from '../model/coalescer';
import { Hold } from '../model/hold';
import { IWorkspaceConnection } from '../tokens';
import { buildRows, IRow } from './rows';
import { hasEnded, parseSearch } from './status';

/** Which runs are listed: those of the notebook in front, or all. */
export type Scope = 'document' | 'all';

const PAGE = 100;
/** More changed runs than this are read as a page. */
const SINGLY = 6;

/**
 * The list of runs: read once, then kept up by what the connection tells. It sleeps until somebody looks.
 */
export class RunListModel implements IDisposable {
  constructor(private readonly _connection: IWorkspaceConnection) {
    _connection.workspaceChanged.connect(this._reset, this);
    _connection.stateChanged.connect(this._onState, this);
    _connection.changed.connect(this._onChanges, this);
    this._document = _connection.document;
  }

  /** Something that a view shows changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Another run is selected. */
  get selectionChanged(): ISignal<this, string | null> {
    return this._selectionChanged;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get isLoaded(): boolean {
    return this._isLoaded;
  }

  get error(): ApiError | null {
    return this._error;
  }

  get rows(): readonly IRow[] {
    if (this._rows === null) {
      this._rows = buildRows(this._runs, this._children, this._expanded);
    }
    return this._rows;
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

  get search(): string {
    return this._search;
  }

  set search(text: string) {
    if (text !== this._search) {
      this._search = text;
      this._pageReader.request();
      this._emit();
    }
  }

  get selected(): string | null {
    return this._selected;
  }

  get hasMore(): boolean {
    return this._nextCursor !== null;
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
      this._pageReader.request();
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._connection.workspaceChanged.disconnect(this._reset, this);
    this._connection.stateChanged.disconnect(this._onState, this);
    this._connection.changed.disconnect(this._onChanges, this);
    this._pageReader.dispose();
    this._runReader.dispose();
    Signal.clearData(this);
  }

  /**
   * Select a run. Choosing the newest one means to go on following the newest.
   */
  select(id: string | null): void {
    this._follows = id === null || id === this._runs[0]?.id;
    this._setSelected(id);
  }

  /** Open or close the children of a run. */
  toggle(id: string, open = !this._expanded.has(id)): void {
    if (open) {
      this._expanded.add(id);
      void this._openChildren(id);
    } else {
      this._expanded.delete(id);
    }
    this._emit();
  }

  /** Read the whole list anew. */
  refresh(): void {
    this._pageReader.request();
  }

  /** Read the next page of older runs. */
  async loadMore(): Promise<void> {
    const cursor = this._nextCursor;
    if (cursor === null || this._isLoadingMore) {
      return;
    }
    this._isLoadingMore = true;
    const generation = this._generation;
    try {
      const page = await this._list({ cursor });
      if (generation === this._generation) {
        this._nextCursor = page.next_cursor;
        this._merge(page.items);
      }
    } catch (error) {
      this._fail(error);
    } finally {
      this._isLoadingMore = false;
    }
  }

  /** A run of the list, by its id. */
  find(id: string): Run | undefined {
    for (const list of [this._runs, ...this._children.values()]) {
      const found = list.find(run => run.id === id);
      if (found) {
        return found;
      }
    }
    return undefined;
  }

  /** Ask for the end of a run. */
  async cancel(id: string): Promise<void> {
    this._put(await this._connection.request('runs.cancel', { run: id }));
  }

  /** Do a run again, and select the new one. The same key makes one run, however often it is asked for. */
  async rerun(id: string, wish: Rerun): Promise<Run> {
    const run = await this._connection.request('runs.rerun', { run: id }, wish);
    this._add(run);
    this.select(run.id);
    return run;
  }

  /** Submit a run, and select it. */
  async submit(submission: RunSubmission): Promise<Run> {
    const run = await this._connection.request('runs.submit', {}, submission);
    this._add(run);
    this.select(run.id);
    return run;
  }

  /** Put a run, and all below it, into the trash. */
  async delete(id: string): Promise<Deletion> {
    const gone = await this._connection.request('runs.delete', { run: id });
    this._drop(id);
    return gone;
  }

  /** Take a run out of the trash, and select it. */
  async restore(id: string): Promise<Run> {
    const run = await this._connection.request('runs.restore', { run: id });
    this._add(run);
    this.select(run.id);
    return run;
  }

  private _onState(): void {
    if (this._connection.document !== this._document) {
      this._document = this._connection.document;
      if (this._scope === 'document') {
        this._reset();
      } else {
        this._emit();
      }
    }
    if (this._hold.look(this._connection.info)) {
      this._readLive();
    }
  }

  private _readLive(): void {
    for (const run of [this._runs, ...this._children.values()].flat()) {
      if (!hasEnded(run)) {
        this._stale.add(run.id);
      }
    }
    if (this._active && this._stale.size > 0) {
      this._runReader.request();
    }
  }

  private _onChanges(_: unknown, changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.kind === 'run' || change.kind === 'metric') {
        this._stale.add(change.subject);
      }
    }
    if (this._active && this._stale.size > 0) {
      this._runReader.request();
    }
    // An experiment that is archived, deleted or restored takes its runs with it.
    if (changes.some(change => change.kind === 'experiment')) {
      this._pageReader.request();
    }
  }

  private _reset(): void {
    this._generation += 1;
    this._runs = [];
    this._children.clear();
    this._expanded.clear();
    this._stale.clear();
    this._nextCursor = null;
    this._isLoaded = false;
    this._error = null;
    this._follows = true;
    this._setSelected(null);
    this._emit();
    if (this._active) {
      this._pageReader.request();
    }
  }

  private async _readPage(): Promise<void> {
    if (!this._active || this._connection.info === null) {
      return;
    }
    const generation = this._generation;
    const search = this._search;
    const before = this._runs.map(run => run.id);
    try {
      const page = await this._list({});
      if (generation !== this._generation || search !== this._search) {
        return;
      }
      this._error = null;
      if (search !== this._listedSearch || !this._isLoaded) {
        this._runs = [];
        this._nextCursor = page.next_cursor;
        this._listedSearch = search;
      }
      this._isLoaded = true;
      this._forget(page, before);
      this._merge(page.items);
    } catch (error) {
      this._fail(error);
    }
  }

  private _list(more: { cursor?: string }) {
    const narrow = this._scope === 'document' && this._document !== '';
    return this._connection.request('runs.list', {
      document: narrow ? this._document : null,
      ...parseSearch(this._search),
      limit: PAGE,
      ...more
    });
  }

  /** Read what changed: few runs one by one, many or unknown ones as a page. */
  private async _readStale(): Promise<void> {
    if (!this._active || this._connection.info === null) {
      return;
    }
    const stale = new Set(this._stale);
    this._stale.clear();
    const parents = [...stale].filter(id => this._expanded.has(id));
    const known = [...stale].filter(id => this.find(id) !== undefined);
    const single = known.length <= SINGLY;
    try {
      if (!single || known.length < stale.size) {
        await this._readPage();
      }
      if (single) {
        await Promise.all(known.map(id => this._readRun(id)));
      }
      const opened = single ? parents : [...this._expanded];
      await Promise.all(opened.map(id => this._readChildren(id)));
    } catch (error) {
      this._fail(error);
    }
  }

  private async _readRun(id: string): Promise<void> {
    const generation = this._generation;
    try {
      const run = await this._connection.request('runs.get', { run: id });
      if (generation === this._generation) {
        this._put(run);
      }
    } catch (error) {
      // Somebody put it into the trash.
      if (!isGone(error) || generation !== this._generation) {
        throw error;
      }
      this._drop(id);
    }
  }

  private async _openChildren(id: string): Promise<void> {
    try {
      await this._readChildren(id);
    } catch (error) {
      this._fail(error);
    }
  }

  private async _readChildren(id: string): Promise<void> {
    const generation = this._generation;
    const page = await this._connection.request('runs.list', {
      parent: id,
      limit: 1000
    });
    // The parent may have gone meanwhile, and its children with it.
    if (generation === this._generation && this.find(id) !== undefined) {
      this._children.set(id, [...page.items].sort(byNumberUp));
      this._emit();
    }
  }

  /** Replace a run by what is known of it now, wherever it is listed. */
  private _put(run: Run): void {
    const replace = (old: Run) =>
      old.id === run.id && old.status_sequence <= run.status_sequence
        ? run
        : old;
    this._runs = this._runs.map(replace);
    this._children.forEach((list, id) => {
      this._children.set(id, list.map(replace));
    });
    this._emit();
  }

  /** List a run that is new here. */
  private _add(run: Run): void {
    const { parent_id } = run;
    if (parent_id === null) {
      this._merge([run]);
    } else if (this._expanded.has(parent_id)) {
      const others = this._children.get(parent_id) ?? [];
      const list = [...others.filter(it => it.id !== run.id), run];
      this._children.set(parent_id, list.sort(byNumberUp));
      this._emit();
    }
  }

  /** Leave out a run and all below it; the selection goes to the line that takes its place. */
  private _drop(id: string): void {
    const { rows } = this;
    const first = rows.findIndex(row => row.run.id === id);
    if (first < 0) {
      return;
    }
    const { depth } = rows[first];
    const after = rows.findIndex((row, i) => i > first && row.depth <= depth);
    const gone = rows.slice(first, after < 0 ? rows.length : after);
    const next = rows[after] ?? rows[first - 1];
    const ids = new Set(gone.map(row => row.run.id));
    const stays = (run: Run) => !ids.has(run.id);
    this._runs = this._runs.filter(stays);
    this._children.forEach((list, parent) => {
      this._children.set(parent, list.filter(stays));
    });
    for (const each of ids) {
      this._children.delete(each);
      this._expanded.delete(each);
    }
    this._emit();
    if (this._selected !== null && ids.has(this._selected)) {
      this.select(next?.run.id ?? null);
    }
  }

  /** Leave out what was there before a page of the newest runs was asked for, and should be on it and is not. */
  private _forget(page: Page<Run>, before: readonly string[]): void {
    const listed = new Set(page.items.map(run => run.id));
    const oldest = page.next_cursor
      ? Math.min(...page.items.map(run => run.number))
      : 0;
    const gone = before.filter(id => !listed.has(id));
    for (const run of gone.map(id => this.find(id))) {
      if (run && run.number >= oldest) {
        this._drop(run.id);
      }
    }
  }

  private _merge(runs: readonly Run[]): void {
    const merged = new Map(this._runs.map(run => [run.id, run]));
    for (const run of runs) {
      const old = merged.get(run.id);
      if (!old || old.status_sequence <= run.status_sequence) {
        merged.set(run.id, run);
      }
    }
    this._runs = [...merged.values()].sort((a, b) => b.number - a.number);
    if (this._follows) {
      this._setSelected(this._runs[0]?.id ?? null);
    }
    this._emit();
  }

  private _setSelected(id: string | null): void {
    if (id !== this._selected) {
      this._selected = id;
      this._selectionChanged.emit(id);
      this._emit();
    }
  }

  private _fail(error: unknown): void {
    if (error instanceof ApiError) {
      // A lost connection is the connection's business: it heals, and what was read stays on screen.
      this._error = error.code === 'network' ? null : error;
      this._emit();
    } else {
      throw error;
    }
  }

  private _emit(): void {
    this._rows = null;
    this._changed.emit();
  }

  private _active = false;
  private _changed = new Signal<this, void>(this);
  private _children = new Map<string, readonly Run[]>();
  private _document = '';
  private _error: ApiError | null = null;
  private _expanded = new Set<string>();
  private _follows = true;
  private _generation = 0;
  private _hold = new Hold();
  private _isDisposed = false;
  private _isLoaded = false;
  private _isLoadingMore = false;
  private _listedSearch = '';
  private _nextCursor: string | null = null;
  private _pageReader = new Coalescer(() => this._readPage(), 150);
  private _rows: readonly IRow[] | null = null;
  private _runReader = new Coalescer(() => this._readStale(), 400);
  private _runs: readonly Run[] = [];
  private _scope: Scope = 'document';
  private _search = '';
  private _selected: string | null = null;
  private _selectionChanged = new Signal<this, string | null>(this);
  private _stale = new Set<string>();
}

function byNumberUp(a: Run, b: Run): number {
  return a.number - b.number;
}

function isGone(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'not_found';
}
