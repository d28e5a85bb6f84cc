import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ApiError, Reproducibility, Run } from '../api';
import { IWorkspaceConnection } from '../tokens';

/** So many runs are proposed. */
const PROPOSED = 4;

/** The other run that one is compared with, chosen once for all tabs. */
export class OtherRun implements IDisposable {
  constructor(private readonly _connection: IWorkspaceConnection) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Null where none is chosen. */
  get run(): Run | null {
    return this._run;
  }

  /** What is known of its environment; null where it has not ended, or until that is here. */
  get record(): Reproducibility | null {
    return this._record;
  }

  /** Why the run that was named last cannot be compared with. */
  get error(): ApiError | null {
    return this._error;
  }

  /** Runs that are likely meant, the most likely first. */
  get proposed(): readonly Run[] {
    return this._proposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  /** Look for runs before this one that it may be compared with, once. */
  async propose(run: Run): Promise<void> {
    if (this._isAsked) {
      return;
    }
    this._isAsked = true;
    try {
      const { items } = await this._connection.request('runs.list', {
        parent: run.parent_id,
        filter: `experiment = '${run.experiment.replace(/'/g, "''")}' and number != ${run.number}`,
        limit: 50
      });
      this._proposed = likely(run, items);
      this._emit();
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      // Proposals are a help: without them a number is typed.
      this._isAsked = false;
    }
  }

  /** Compare with a run, by its number or id. */
  async choose(wanted: string): Promise<void> {
    const generation = ++this._generation;
    const isCurrent = () =>
      !this._isDisposed && generation === this._generation;
    try {
      const run = await this._connection.request('runs.get', {
        run: wanted.trim()
      });
      if (isCurrent()) {
        this._set(run, null);
      }
      const record = await this._connection.request('runs.reproducibility', {
        run: run.id
      });
      if (isCurrent()) {
        this._record = record;
        this._emit();
      }
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      if (isCurrent()) {
        this._error = error;
        this._emit();
      }
    }
  }

  /** Compare with none. */
  clear(): void {
    this._generation += 1;
    this._set(null, null);
  }

  private _set(run: Run | null, record: Reproducibility | null): void {
    this._run = run;
    this._record = record;
    this._error = null;
    this._emit();
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _changed = new Signal<this, void>(this);
  private _error: ApiError | null = null;
  private _generation = 0;
  private _isAsked = false;
  private _isDisposed = false;
  private _proposed: readonly Run[] = [];
  private _record: Reproducibility | null = null;
  private _run: Run | null = null;
}

/** Runs of the same cell before others, completed ones before others, and of these the last before the run. */
export function likely(run: Run, others: readonly Run[]): readonly Run[] {
  const { cell_id } = run.source;
  const rank = (it: Run) =>
    [
      cell_id !== '' && it.source.cell_id === cell_id,
      it.status === 'Completed',
      it.number < run.number
    ].reduce((sum, holds) => 2 * sum + Number(!holds), 0);
  const distance = (it: Run) => Math.abs(run.number - it.number);
  return [...others]
    .sort((a, b) => rank(a) - rank(b) || distance(a) - distance(b))
    .slice(0, PROPOSED);
}
