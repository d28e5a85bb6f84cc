import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ApiError, Change, MetricValue, TableRows, TypedMetric } from '../api';
import { Coalescer } from '../model/coalescer';
import { IWorkspaceConnection } from '../tokens';
import { SERIES } from '../values/sizes';
import { columnsOf } from './reading';

/** Rows of a table that are in the page at a time. */
export const ROWS = 50;
/** How many values of a type are read at a time, where that is not one. */
const PAGES: Readonly<Record<string, number>> = { row: ROWS, ...SERIES };
/** Metrics that are open before their user said anything. */
const OPEN_AT_FIRST = 3;
/** A run that logs more names than this is read as a program, not in a panel. */
const MAX_NAMES = 1000;

/** What of a metric is on screen: one value, or a page of rows. */
export interface IShownValues {
  /** Place of the first of the values among all of their name. */
  readonly first: number;
  readonly values: readonly MetricValue[];
  /** Number of values of the metric when these were read. */
  readonly count: number;
}

interface IEntry {
  /** Where to look; null follows the newest. */
  place: number | null;
  shown: IShownValues | null;
  /** Columns of all rows that were seen, so that no page has others than the one before. */
  columns: readonly string[];
  error: ApiError | null;
  /** What was read last, so that only news is read. */
  version: string;
}

/**
 * The typed metrics of one run: their names at once, the values of those that are open, and only what is on screen.
 */
export class TypedMetricsModel implements IDisposable {
  /**
   * @param _chosen what somebody opened or closed, by the metrics' names
   */
  constructor(
    private readonly _connection: IWorkspaceConnection,
    private readonly _chosen = new Map<string, boolean>()
  ) {
    _connection.changed.connect(this._onChanges, this);
  }

  /** Something that a view shows changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get items(): readonly TypedMetric[] {
    return this._items;
  }

  /** How often files of the run came or changed, as far as that was told. */
  get fileCount(): number {
    return this._fileCount;
  }

  get active(): boolean {
    return this._active;
  }

  set active(active: boolean) {
    if (active !== this._active) {
      this._active = active;
      this.refresh();
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._connection.changed.disconnect(this._onChanges, this);
    this._reader.dispose();
    Signal.clearData(this);
  }

  /** Show another run. What its user opened and closed stays, by name. */
  setRun(id: string | null): void {
    if (id === this._id) {
      return;
    }
    this._id = id;
    this._items = [];
    this._entries.clear();
    this._openAtFirst.clear();
    this._changed.emit();
    this.refresh();
  }

  /** Look for news. */
  refresh(): void {
    if (this._active && this._id !== null) {
      this._reader.request();
    }
  }

  isOpen(name: string): boolean {
    return this._chosen.get(name) ?? this._openAtFirst.has(name);
  }

  /** Open or close a metric. */
  setOpen(name: string, open: boolean): void {
    if (open !== this.isOpen(name)) {
      this._chosen.set(name, open);
      this._changed.emit();
      this.refresh();
    }
  }

  /** The values on screen; null until they are here. */
  shown(name: string): IShownValues | null {
    return this._entries.get(name)?.shown ?? null;
  }

  columns(name: string): readonly string[] {
    return this._entries.get(name)?.columns ?? [];
  }

  error(name: string): ApiError | null {
    return this._entries.get(name)?.error ?? null;
  }

  /** Look at the values from a place on; the newest place goes on to the newest. */
  show(name: string, place: number): void {
    const entry = this._entry(name);
    const { first = 0, count = 0 } = entry.shown ?? {};
    const size = entry.shown?.values.length ?? 1;
    entry.place = place >= count - size && place > first ? null : place;
    entry.version = '';
    this.refresh();
  }

  /** The bytes of a file that a value names. */
  async download(file: string): Promise<ArrayBuffer> {
    return this._connection.request('files.download', {
      run: this._id!,
      name: file,
      kind: 'output'
    });
  }

  /** Rows of a large table, which is one value of a metric. */
  async rows(
    name: string,
    index: number,
    first: number,
    limit: number
  ): Promise<TableRows> {
    return this._connection.request('metrics.table', {
      run: this._id!,
      name,
      index,
      first,
      limit
    });
  }

  private _onChanges(_: unknown, changes: readonly Change[]): void {
    const kinds = new Set(
      changes.filter(it => it.subject === this._id).map(it => it.kind)
    );
    if (kinds.has('metric')) {
      this.refresh();
    }
    if (kinds.has('file')) {
      this._fileCount += 1;
      this._changed.emit();
    }
  }

  private async _read(): Promise<void> {
    const id = this._id;
    if (id === null || !this._active) {
      return;
    }
    try {
      const page = await this._connection.request('metrics.typed', {
        run: id,
        limit: MAX_NAMES
      });
      if (id !== this._id) {
        return;
      }
      if (page.items.length > 0 || this._items.length > 0) {
        this._items = page.items;
        this._openSome();
        this._changed.emit();
      }
    } catch (error) {
      // The record of the run, which is read beside this, tells what is wrong.
      if (!(error instanceof ApiError)) {
        throw error;
      }
      return;
    }
    const open = this._items.filter(item => this.isOpen(item.name));
    for (const item of open) {
      await this._readValues(id, item);
    }
  }

  /** The first that a run has are open, and stay so when others come before them. */
  private _openSome(): void {
    for (const { name } of this._items) {
      if (this._openAtFirst.size < OPEN_AT_FIRST) {
        this._openAtFirst.add(name);
      }
    }
  }

  private async _readValues(id: string, item: TypedMetric): Promise<void> {
    const entry = this._entry(item.name);
    const { place } = entry;
    const version = `${place} ${item.count} ${item.updated_at}`;
    if (version === entry.version) {
      return;
    }
    const size = pageSize(item.type);
    // The newest page is a full one, so that a table does not shrink as it grows.
    const newest = Math.max(0, item.count - size);
    const first = Math.min(place ?? newest, newest);
    try {
      const values = await this._page(id, item.name, first, size);
      if (id !== this._id || entry.place !== place) {
        return;
      }
      entry.shown = { first, values, count: item.count };
      if (item.type === 'row') {
        const rows = values.map(it => it.value);
        entry.columns = columnsOf(rows, entry.columns);
      }
      entry.error = null;
      entry.version = version;
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      entry.error = error.code === 'network' ? null : error;
    }
    if (id === this._id) {
      this._changed.emit();
    }
  }

  /** So many values from a place on; the server may hand large ones over in pieces. */
  private async _page(
    id: string,
    name: string,
    first: number,
    size: number
  ): Promise<MetricValue[]> {
    const values: MetricValue[] = [];
    let more = true;
    while (more && values.length < size) {
      const page = await this._connection.request('metrics.values', {
        run: id,
        name,
        after: first + values.length,
        limit: size - values.length
      });
      values.push(...page.items);
      more = page.next_cursor !== null && page.items.length > 0;
    }
    return values;
  }

  private _entry(name: string): IEntry {
    let entry = this._entries.get(name);
    if (!entry) {
      entry = {
        place: null,
        shown: null,
        columns: [],
        error: null,
        version: ''
      };
      this._entries.set(name, entry);
    }
    return entry;
  }

  private _active = false;
  private _changed = new Signal<this, void>(this);
  private _entries = new Map<string, IEntry>();
  private _fileCount = 0;
  private _id: string | null = null;
  private _isDisposed = false;
  private _items: readonly TypedMetric[] = [];
  private _openAtFirst = new Set<string>();
  private _reader = new Coalescer(() => this._read(), 500);
}

/** How many values of a type are read together. */
export function pageSize(type: string): number {
  return PAGES[type] ?? 1;
}
