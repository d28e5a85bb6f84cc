import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ApiError, decodeMany } from '../api';
import { Coalescer } from '../model/coalescer';
import { IWorkspaceConnection } from '../tokens';
import { IRow } from './rows';

const POINTS = 30;
/** Of lines that were on screen long ago nothing is kept. */
const MOST = 2000;
const EMPTY: readonly number[] = [];

interface IEntry {
  metric: string;
  /** Number of points when it was read. */
  count: number;
  values: readonly number[];
}

/**
 * The small curves beside the runs on screen: all that grew since they were read are read with one question.
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
    if (wanted.length === 0 || this._isDisposed) {
      return;
    }
    try {
      await this._read(wanted);
    } catch (error) {
      // Only an ornament is missing; the connection tells of what is wrong.
      if (!(error instanceof ApiError)) {
        throw error;
      }
    }
  }

  private async _read(rows: readonly IRow[]): Promise<void> {
    const bytes = await this._connection.request(
      'metrics.read_many',
      {},
      {
        series: rows.map(row => ({
          run: row.run.id,
          name: row.metric!.name,
          points: POINTS
        }))
      }
    );
    decodeMany(bytes).forEach(({ columns }, i) => {
      const { run, metric } = rows[i];
      const values = Array.from(columns.mean ?? columns.value);
      // The newest last, so that the oldest go first.
      this._entries.delete(run.id);
      this._entries.set(run.id, {
        metric: metric!.name,
        count: metric!.count,
        values
      });
    });
    for (const id of this._entries.keys()) {
      if (this._entries.size <= MOST) {
        break;
      }
      this._entries.delete(id);
    }
    this._changed.emit();
  }

  private _clear(): void {
    this._entries.clear();
  }

  private _changed = new Signal<this, void>(this);
  private _entries = new Map<string, IEntry>();
  private _isDisposed = false;
  private _reader = new Coalescer(() => this._readAll(), 500);
  private _rows: readonly IRow[] = [];
}
