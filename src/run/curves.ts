import { IDisposable, DisposableDelegate } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ApiError, Run, toNumber } from '../api';
import { Points } from '../charts/points';
import { Coalescer } from '../model/coalescer';
import { readPoints } from '../model/series';
import { IWorkspaceConnection } from '../tokens';

/** So many series are read at the same time. */
const AT_ONCE = 4;

/**
 * The points of a run's metrics. Only those that somebody sees are read, and of these only what grew.
 */
export class Curves implements IDisposable {
  constructor(private readonly _connection: IWorkspaceConnection) {}

  /** The points of the metric of this name are others now. */
  get changed(): ISignal<this, string> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._reader.dispose();
      Signal.clearData(this);
    }
  }

  /** Take in what is known of the run now: it says how long its series are. */
  setRun(run: Run): void {
    if (run.id !== this._run?.id) {
      this._points.clear();
    }
    this._run = run;
    if (this._stale.length > 0) {
      this._reader.request();
    }
  }

  /** The points of a metric as far as they are here. */
  get(name: string): Points {
    let points = this._points.get(name);
    if (!points) {
      points = new Points(name);
      this._points.set(name, points);
    }
    return points;
  }

  /** Keep a metric read until the returned object is disposed. */
  want(name: string): IDisposable {
    this._wanted.set(name, (this._wanted.get(name) ?? 0) + 1);
    if (this._stale.length > 0) {
      this._reader.request();
    }
    return new DisposableDelegate(() => {
      const left = (this._wanted.get(name) ?? 1) - 1;
      if (left > 0) {
        this._wanted.set(name, left);
      } else {
        this._wanted.delete(name);
      }
    });
  }

  /** Names of the metrics that are wanted and grew since they were read. */
  private get _stale(): string[] {
    const metrics = this._run?.metrics ?? [];
    return metrics
      .filter(it => this._wanted.has(it.name))
      .filter(it => this.get(it.name).count < toNumber(it.count))
      .map(it => it.name);
  }

  private async _read(): Promise<void> {
    const run = this._run;
    const names = this._stale;
    for (let i = 0; i < names.length && run === this._run; i += AT_ONCE) {
      const batch = names.slice(i, i + AT_ONCE);
      await Promise.all(batch.map(name => this._readOne(run!.id, name)));
    }
  }

  private async _readOne(run: string, name: string): Promise<void> {
    const before = this.get(name);
    const isWanted = () => !this._isDisposed && this.get(name) === before;
    try {
      const read = await readPoints(this._connection, run, before, isWanted);
      if (isWanted()) {
        this._points.set(name, read);
        this._changed.emit(name);
      }
    } catch (error) {
      // What could not be read now is read when the run is told of next.
      if (!(error instanceof ApiError)) {
        throw error;
      }
    }
  }

  private _changed = new Signal<this, string>(this);
  private _isDisposed = false;
  private _points = new Map<string, Points>();
  private _reader = new Coalescer(() => this._read(), 250);
  private _run: Run | null = null;
  private _wanted = new Map<string, number>();
}
