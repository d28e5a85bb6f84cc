import { DisposableDelegate, IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ApiError, Run } from '../api';
import { ALONE, stylesOf } from '../charts/colours';
import { Coalescer } from '../model/coalescer';
import { SeriesFeed } from '../model/seriesFeed';
import { differingParams } from '../runs/rows';
import { hasEnded } from '../runs/status';
import { IWorkspaceConnection } from '../tokens';
import { Curve, ICurveRun } from './curve';
import { found, IN_RECORD, merged } from './metricNames';
import { ICutNames, NameReader } from './nameReader';

/** So many runs lie over each other in a chart. */
export const MOST_RUNS = 50;
/** In a list of runs each has so many of its metrics; the others are asked for. */
const IN_LIST = 12;

/**
 * The metrics of a run and of the runs below it, or of any runs, each as a curve that charts are drawn from.
 */
export class Curves implements IDisposable {
  constructor(private readonly _connection: IWorkspaceConnection) {
    this._feed = SeriesFeed.of(_connection);
    this._nameReader = new NameReader(_connection);
  }

  /** There are other metrics, or other runs. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Names of the metrics that any of the runs has: all of them, or the first of very many. */
  get names(): readonly string[] {
    return this._names;
  }

  /** How many metrics there are, where not all are among the names. */
  get cut(): ICutNames | null {
    return this._namesCut;
  }

  /** The runs that are shown, as all of their charts show them. */
  get runs(): readonly ICurveRun[] {
    return this._shown;
  }

  /** How many of the run's children are not shown, as they are too many. */
  get left(): number {
    return this._left;
  }

  /** Whether the names are here. */
  get isLoaded(): boolean {
    return this._isLoaded;
  }

  /** Keep the names and the runs up to date until the returned object is disposed. */
  watch(): IDisposable {
    this._watchers += 1;
    this._ask();
    return new DisposableDelegate(() => {
      this._watchers -= 1;
    });
  }

  /** Show a run, and the runs below it; called again with what is known of it now. */
  setRun(run: Run): void {
    const isOther = run.id !== this._runs[0]?.id || this._runs.length !== 1;
    const hadEnded = !isOther && hasEnded(this._runs[0]);
    if (isOther) {
      this._children = [];
      this._asked = [];
      this._nameReader.forget();
      this._isLoaded = false;
    }
    this._runs = [run];
    this._update();
    if (isOther || !hadEnded) {
      this._ask();
    }
  }

  /** Show some runs beside each other. */
  setRuns(runs: readonly Run[]): void {
    this._runs = runs.slice(0, MOST_RUNS);
    this._left = runs.length - this._runs.length;
    this._children = [];
    this._asked = [];
    this._update();
    this._ask();
  }

  /**
   * Names that have all words of a query, of those that are listed and of those that are not.
   *
   * @throws ApiError
   */
  async find(
    query: string
  ): Promise<{ names: readonly string[]; isMore: boolean }> {
    const runs = this._asking().map(it => it.id);
    const { names, isMore } = await this._nameReader.find(runs, query);
    return { names: merged(found(this._names, query), names), isMore };
  }

  /** The curve of a metric, always the same one. */
  get(name: string): Curve {
    let curve = this._curves.get(name);
    if (!curve) {
      curve = new Curve(this._feed, name);
      curve.runs = this._runsOf(name);
      this._curves.set(name, curve);
    }
    return curve;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._reader.dispose();
      this._curves.forEach(curve => curve.dispose());
      this._curves.clear();
      Signal.clearData(this);
    }
  }

  /** Make of what is known now what charts show; nothing is told where that is the same as before. */
  private _update(): void {
    const all = [...this._runs, ...this._children];
    const names = this._merged(
      all.flatMap(run => run.metrics.map(it => it.name))
    );
    // A parent that only begins others is no line.
    const drawn = all.filter(run => run.metrics.length > 0);
    const shown = curveRuns(drawn.length > 0 ? drawn : this._runs);
    const isSame = (a: readonly unknown[], b: readonly unknown[]) =>
      JSON.stringify(a) === JSON.stringify(b);
    const owners = ownersOf(all);
    this._cut = new Set(all.filter(run => this._isCut(run)).map(run => run.id));
    const sameRuns =
      isSame(shown, this._shown) && isSame([...owners], [...this._owners]);
    const cut = this._nameReader.cutOf(this._asking().map(it => it.id));
    const sameNames = names === this._names && isSame([cut], [this._namesCut]);
    if (sameRuns && sameNames) {
      return;
    }
    this._names = names;
    this._namesCut = cut;
    this._shown = shown;
    this._owners = owners;
    this._curves.forEach(curve => {
      curve.runs = this._runsOf(curve.name);
    });
    this._changed.emit();
  }

  /** All names in their order, and the same list where they are the same: they may be thousands. */
  private _merged(ofRecords: readonly string[]): readonly string[] {
    const known = this._mergedOf;
    if (
      areSame(known.ofRecords, ofRecords) &&
      areSame(known.asked, this._asked)
    ) {
      return this._names;
    }
    this._mergedOf = { ofRecords, asked: this._asked };
    const names = merged(ofRecords, this._asked);
    return areSame(names, this._names) ? this._names : names;
  }

  /** Runs that are asked for their names: of those below one parent, which log the same, one speaks for all. */
  private _asking(): readonly Run[] {
    return [...this._runs, ...this._children.slice(0, 1)];
  }

  /**
   * The runs that have a metric, or may have it: a record has some only, and none of what the machine did. Of one that has
   * it not, nothing is drawn.
   */
  private _runsOf(name: string): readonly ICurveRun[] {
    const owners = this._owners.get(name) ?? [];
    const runs = this._shown.filter(
      ({ id }) =>
        owners.includes(id) || owners.length === 0 || this._cut.has(id)
    );
    // A parent that logs nothing itself leaves its only child alone.
    return runs.length === 1 && this._shown.length === 1
      ? [{ ...runs[0], label: '', style: ALONE }]
      : runs;
  }

  private _ask(): void {
    if (this._watchers > 0 && this._runs.length > 0) {
      this._reader.request();
    }
  }

  private async _read(): Promise<void> {
    const runs = this._runs;
    try {
      const children =
        runs.length === 1 && runs[0].child_count > 0
          ? await this._readChildren(runs[0])
          : [];
      const asked: string[] = [];
      for (const run of [...runs, ...children.slice(0, 1)]) {
        const isCut = this._isCut(run);
        // One by one: thousands are too many for the arguments of a call.
        for (const name of await this._nameReader.read(run, isCut)) {
          asked.push(name);
        }
      }
      if (!this._isDisposed && runs[0]?.id === this._runs[0]?.id) {
        this._children = children;
        this._asked = asked;
        this._isLoaded = true;
        this._update();
      }
    } catch (error) {
      // What the record of the run tells is shown; the rest comes when it is told of next.
      if (!(error instanceof ApiError)) {
        throw error;
      }
    }
  }

  private async _readChildren(run: Run): Promise<readonly Run[]> {
    const page = await this._connection.request('runs.list', {
      parent: run.id,
      limit: MOST_RUNS
    });
    this._left = Math.max(0, run.child_count - page.items.length);
    return [...page.items].sort((a, b) => a.number - b.number);
  }

  /** Whether a record may have some of the run's metrics only. */
  private _isCut(run: Run): boolean {
    const isListed = !this._runs.includes(run) || this._runs.length > 1;
    return run.metrics.length >= (isListed ? IN_LIST : IN_RECORD);
  }

  private _asked: readonly string[] = [];
  private _changed = new Signal<this, void>(this);
  private _children: readonly Run[] = [];
  private _cut: ReadonlySet<string> = new Set();
  private _curves = new Map<string, Curve>();
  private _feed: SeriesFeed;
  private _isDisposed = false;
  private _isLoaded = false;
  private _left = 0;
  private _mergedOf: Record<'ofRecords' | 'asked', readonly string[]> = {
    ofRecords: [],
    asked: []
  };
  private _nameReader: NameReader;
  private _names: readonly string[] = [];
  private _namesCut: ICutNames | null = null;
  /** Ids of the runs whose records have a metric, by its name. */
  private _owners: ReadonlyMap<string, readonly string[]> = new Map();
  /** Names of a live run are looked at again and again, as it may log new ones. */
  private _reader = new Coalescer(() => this._read(), 1000);
  private _runs: readonly Run[] = [];
  private _shown: readonly ICurveRun[] = [];
  private _watchers = 0;
}

/** Runs as charts show them: their number, and the parameters that tell them apart. */
export function curveRuns(runs: readonly Run[]): ICurveRun[] {
  const styles = stylesOf(runs.map(run => run.number));
  const differing = [...differingParams(runs)].sort();
  return runs.map(run => ({
    id: run.id,
    label: [
      `#${run.number}`,
      ...(run.display_name === '' ? [] : [run.display_name]),
      ...differing
        .filter(name => name in run.params)
        .map(name => `${name}=${run.params[name]}`)
    ].join(' '),
    style: styles.get(run.number) ?? ALONE,
    origin: run.started_at ? Date.parse(run.started_at) / 1000 : NaN
  }));
}

function areSame(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((it, i) => it === b[i]));
}

function ownersOf(runs: readonly Run[]): Map<string, string[]> {
  const owners = new Map<string, string[]>();
  for (const run of runs) {
    for (const { name } of run.metrics) {
      const known = owners.get(name);
      if (known) {
        known.push(run.id);
      } else {
        owners.set(name, [run.id]);
      }
    }
  }
  return owners;
}
