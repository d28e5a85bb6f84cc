import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ApiError, ISeries, SeriesWanted } from '../api';
import { ILineStyle } from '../charts/colours';
import { IChartSeries } from '../charts/lines';
import { Axis, MAX_ROWS, Points } from '../charts/points';
import { Domain } from '../charts/scale';
import { IChartSource } from '../charts/source';
import { Coalescer } from '../model/coalescer';
import { IFedSeries, SeriesFeed } from '../model/seriesFeed';

/** A run as a chart shows it. */
export interface ICurveRun {
  readonly id: string;
  /** What tells it from the others; '' where it is the only one. */
  readonly label: string;
  readonly style: ILineStyle;
  /** When it started, in seconds since 1970; NaN while it did not. */
  readonly origin: number;
}

/** A stretch is read with so much of its length on either side, where lines come from and go to. */
const BESIDE = 0.1;
/** Of one series a file has no more rows than these; of a longer one it has its buckets. */
const MOST_ROWS = 20000;

/**
 * One metric of some runs, as a chart has it: read while it is wanted, and a stretch of it in full.
 */
export class Curve implements IChartSource, IDisposable {
  constructor(
    private readonly _feed: SeriesFeed,
    readonly name: string
  ) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** The runs that have the metric, in the order of their drawing. */
  get runs(): readonly ICurveRun[] {
    return this._runs;
  }

  set runs(runs: readonly ICurveRun[]) {
    this._runs = runs;
    if (this._wants > 0) {
      this._follow();
      this._changed.emit();
    }
  }

  get series(): readonly IChartSeries[] {
    return this._runs.map(run => ({
      key: run.id,
      label: run.label,
      style: run.style,
      origin: run.origin,
      points:
        this._fine.get(run.id) ?? this._fed.get(run.id)?.points ?? this._nothing
    }));
  }

  /** Keep it read until the returned object is disposed. */
  want(): IDisposable {
    this._wants += 1;
    this._follow();
    let isDisposed = false;
    return {
      get isDisposed() {
        return isDisposed;
      },
      dispose: () => {
        if (!isDisposed) {
          isDisposed = true;
          this._wants -= 1;
          this._follow();
        }
      }
    };
  }

  setStretch(stretch: Domain | null, axis: Axis): void {
    if (
      axis === this._axis &&
      stretch?.[0] === this._stretch?.[0] &&
      stretch?.[1] === this._stretch?.[1]
    ) {
      return;
    }
    this._stretch = stretch;
    this._axis = axis;
    // What was read of another stretch still fits where the new one lies in it, and is replaced soon.
    if (stretch === null) {
      this._fine.clear();
    } else {
      this._fineReader.request();
    }
  }

  async readAll(): Promise<readonly IChartSeries[]> {
    const wanted = this._runs.map(run => ({
      run: run.id,
      name: this.name,
      points: MOST_ROWS
    }));
    const runs = this._runs;
    const found = await this._feed.read(wanted);
    return runs
      .map((run, i) => ({
        ...this._seriesOf(run),
        points: pointsOf(found[i], MOST_ROWS)
      }))
      .filter(it => it.points.count > 0);
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._fineReader.dispose();
      this._fed.forEach(it => it.dispose());
      this._fed.clear();
      Signal.clearData(this);
    }
  }

  private _seriesOf(run: ICurveRun): IChartSeries {
    const { id, label, style, origin } = run;
    const points =
      this._fine.get(id) ?? this._fed.get(id)?.points ?? this._nothing;
    return { key: id, label, style, origin, points };
  }

  /** Want the series of all runs while somebody wants the curve. */
  private _follow(): void {
    const ids = new Set(this._wants > 0 ? this._runs.map(it => it.id) : []);
    for (const [id, series] of [...this._fed]) {
      if (!ids.has(id)) {
        this._fed.delete(id);
        series.dispose();
      }
    }
    for (const id of ids) {
      if (!this._fed.has(id)) {
        this._fed.set(
          id,
          this._feed.want(id, this.name, () => this._onNews())
        );
      }
    }
  }

  private _onNews(): void {
    if (this._stretch !== null && this._growsInSight()) {
      this._fineReader.request();
    }
    this._changed.emit();
  }

  /** Whether what comes now may lie in the stretch. */
  private _growsInSight(): boolean {
    return this._runs.some(run => {
      const rows = this._fine.get(run.id)?.rows(this._axis);
      const places = this._axis === 'step' ? rows?.step : rows?.time;
      const end = this._rangeOf(run, run.id).high;
      return !places || places.length === 0 || places[places.length - 1] < end;
    });
  }

  private async _readFine(): Promise<void> {
    const stretch = this._stretch;
    const runs = this._runs;
    if (stretch === null || this._wants === 0) {
      return;
    }
    const wanted: SeriesWanted[] = runs.map(run => ({
      run: run.id,
      name: this.name,
      points: MAX_ROWS,
      ...this._rangeOf(run, run.id)
    }));
    try {
      const found = await this._feed.read(wanted);
      if (this._isDisposed || stretch !== this._stretch) {
        return;
      }
      this._fine.clear();
      found.forEach((piece, i) => {
        // A run may have nothing there; its coarse line then leads past it.
        if (piece.points > 0) {
          const points = pointsOf(piece, 2 * MAX_ROWS);
          this._fine.set(runs[i].id, points);
        }
      });
      this._changed.emit();
    } catch (error) {
      // What is here already stays, coarse as it is.
      if (!(error instanceof ApiError)) {
        throw error;
      }
    }
  }

  /** The stretch in the words of the server. */
  private _rangeOf(
    run: ICurveRun,
    id: string
  ): { axis: string; low: number; high: number } {
    const [low, high] = this._stretch!;
    const beside = (high - low) * BESIDE;
    const first = this._fed.get(id)?.points.firstTime ?? NaN;
    const origin =
      this._axis !== 'relative' ? 0 : run.origin <= first ? run.origin : first;
    return {
      axis: this._axis === 'step' ? 'step' : 'time',
      low: low - beside + (origin || 0),
      high: high + beside + (origin || 0)
    };
  }

  private _axis: Axis = 'step';
  private _changed = new Signal<this, void>(this);
  private _fed = new Map<string, IFedSeries>();
  /** Of the stretch, by run. */
  private _fine = new Map<string, Points>();
  private _fineReader = new Coalescer(() => this._readFine(), 150);
  private _isDisposed = false;
  private _nothing = new Points('');
  private _runs: readonly ICurveRun[] = [];
  private _stretch: Domain | null = null;
  private _wants = 0;
}

function pointsOf(piece: ISeries, most: number): Points {
  const points = new Points(piece.name, most);
  points.add(piece);
  return points;
}
