import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ApiError, decodeSeries } from '../api';
import { Coalescer } from '../model/coalescer';
import { IWorkspaceConnection } from '../tokens';
import { IRow } from './rows';

const POINTS = 30;
const AT_ONCE = 3;
const EMPTY: readonly number[] = [];

interface IEntry {
  metric: string;
  /** Number of points when it was read. */
  count: number;
  values: readonly number[];
}

/**
 * The small curves beside the runs on screen. Each is read again only when its series grew, a few at a time.
 */
export class Sparklines implements IDisposable {
  constructor(private readonly _connection: IWorkspaceConnection) {
    _connection.workspaceChanged.connect(this._clear, this);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._connection.workspaceChanged.disconnect(this._clear, this);
      this._reader.dispose();
      Signal.clearData(this);
    }
  }

  /** The curve of a run, as far as it is known. */
  get(run: string): readonly number[] {
    return this._entries.get(run)?.values ?? EMPTY;
  }

  /** Say which lines are on screen. */
  show(rows: readonly IRow[]): void {
    this._rows = rows;
    if (rows.some(row => this._wants(row))) {
      this._reader.request();
    }
  }

  private _wants(row: IRow): boolean {
    const entry = this._entries.get(row.run.id);
    return (
      row.metric !== null &&
      row.metric.count > 1 &&
      (entry?.metric !== row.metric.name || entry.count !== row.metric.count)
    );
  }

  private async _readAll(): Promise<void> {
    const wanted = this._rows.filter(row => this._wants(row));
    while (wanted.length > 0 && !this._isDisposed) {
      const some = wanted.splice(0, AT_ONCE);
      try {
        await Promise.all(some.map(row => this._read(row)));
      } catch (error) {
        // Only an ornament is missing; the connection tells of what is wrong.
        if (!(error instanceof ApiError)) {
          throw error;
        }
        return;
      } finally {
        this._changed.emit();
      }
    }
  }

  private async _read(row: IRow): Promise<void> {
    const { name, count } = row.metric!;
    const bytes = await this._connection.request('metrics.read', {
      run: row.run.id,
      name,
      points: POINTS
    });
    const { columns } = decodeSeries(bytes);
    const values = Array.from(columns.mean ?? columns.value);
    this._entries.set(row.run.id, { metric: name, count, values });
  }

  private _clear(): void {
    this._entries.clear();
  }

  private _changed = new Signal<this, void>(this);
  private _entries = new Map<string, IEntry>();
  private _isDisposed = false;
  private _reader = new Coalescer(() => this._readAll(), 1000);
  private _rows: readonly IRow[] = [];
}
