import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ApiError, Run, RunLine } from '../api';
import { Coalescer } from '../model/coalescer';
import { orderText } from '../run/order';
import { IWorkspaceConnection } from '../tokens';
import { bestOf, betterWay, valueOf } from './best';
import { IRow, leadingMetric } from './rows';

/** Of so many children the best one is found here, of more by the server. */
const FEW = 100;
const COMPLETED = "status = 'Completed'";

/** The best value that a child of a run has. */
export interface IBest {
  readonly metric: string;
  readonly value: number;
  /** Number of the child. */
  readonly number: number;
}

interface IEntry {
  /** How many children had ended when it was read. */
  ended: number;
  best: IBest | null;
}

/** What came out best below the runs on screen that log nothing themselves, such as sweeps. */
export class Bests implements IDisposable {
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

  /** The best child of a run, as far as it is known; null where nobody can tell what is better. */
  get(run: string): IBest | null {
    return this._entries.get(run)?.best ?? null;
  }

  /** Say which lines are on screen. */
  show(rows: readonly IRow[]): void {
    this._rows = rows;
    if (rows.some(row => this._wants(row))) {
      this._reader.request();
    }
  }

  private _wants({ run, metric }: IRow): boolean {
    return (
      run.children_ended > 0 &&
      metric === null &&
      this._entries.get(run.id)?.ended !== run.children_ended
    );
  }

  private async _readAll(): Promise<void> {
    const entries = this._entries;
    const wanted = this._rows.filter(row => this._wants(row));
    try {
      for (const { run } of wanted) {
        const best = await this._read(run.id);
        if (this._isDisposed || entries !== this._entries) {
          return;
        }
        entries.set(run.id, { ended: run.children_ended, best });
        this._changed.emit();
      }
    } catch (error) {
      // As with the curves, the connection tells of what is wrong.
      if (!(error instanceof ApiError)) {
        throw error;
      }
    }
  }

  private async _read(parent: string): Promise<IBest | null> {
    const { items, next_cursor } = await this._connection.request(
      'runs.lines',
      { parent, filter: COMPLETED, limit: FEW }
    );
    const metric = leadingMetric(items);
    if (metric === null) {
      return null;
    }
    let runs: readonly (Run | RunLine)[] = items;
    const order_by = orderText({
      column: { kind: 'metric', name: metric },
      isDescending: betterWay(metric) > 0
    });
    if (next_cursor !== null && order_by !== null) {
      const first = { parent, filter: COMPLETED, order_by, limit: 1 };
      runs = (await this._connection.request('runs.list', first)).items;
    }
    const best = bestOf(runs, metric);
    return (
      best && {
        metric,
        value: valueOf(best, metric),
        number: best.number
      }
    );
  }

  private _clear(): void {
    this._entries = new Map();
  }

  private _changed = new Signal<this, void>(this);
  private _entries = new Map<string, IEntry>();
  private _isDisposed = false;
  private _reader = new Coalescer(() => this._readAll(), 500);
  private _rows: readonly IRow[] = [];
}
