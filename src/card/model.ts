import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import {
  ApiError,
  Change,
  MetricSummary,
  Run,
  RunFile,
  Snapshot,
  StaticCard,
  TypedMetric
} from '../api';
import { Points } from '../charts/points';
import { Coalescer } from '../model/coalescer';
import { Hold } from '../model/hold';
import { readPoints } from '../model/series';
import { mayHaveValues } from '../run/files';
import { readFiles } from '../runs/fileList';
import { LogTail } from '../runs/logs';
import { IShownOutputs, readOutputs } from '../runs/outputs';
import { isOutputs } from '../runs/detail';
import { leadingMetrics } from '../runs/rows';
import { hasEnded } from '../runs/status';
import { ConnectionState, IWorkspaceConnection } from '../tokens';

/** So many charts stand side by side. */
export const MOST_CHARTS = 2;
/** What the processes of a run use is measured together for so long. */
const USAGE_MS = 5000;
/** Among so many of the notebook's newest runs those of the cell are looked for. */
const MOST_RUNS = 50;
const NO_OUTPUTS: IShownOutputs = { shown: [], more: 0 };

/**
 * One run as its card shows it, read from the server by the run's id: no kernel has a part in it.
 *
 * It is awake while somebody sees the card and the run goes on. One that has ended is read once, when it is first seen,
 * and costs nothing from then on.
 */
export class CardModel implements IDisposable {
  constructor(
    private readonly _connection: IWorkspaceConnection,
    /** Id of the workspace. */
    readonly workspace: string,
    /** Id of the run. */
    readonly id: string
  ) {
    _connection.changed.connect(this._onChanges, this);
    _connection.stateChanged.connect(this._onState, this);
  }

  /** Something that the card shows changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** The way to ask the workspace. */
  get connection(): IWorkspaceConnection {
    return this._connection;
  }

  /** Null until the server said something of the run. */
  get run(): Run | null {
    return this._run;
  }

  /** Why the run cannot be shown, where the server says so; a server that does not answer says nothing. */
  get error(): ApiError | null {
    return this._error;
  }

  get connectionState(): ConnectionState {
    return this._connection.state;
  }

  /** Points of the metrics that are drawn. Once drawn, a metric keeps its place. */
  get charts(): readonly Points[] {
    return this._charts;
  }

  /** End of the log as it came, terminal escapes and all. */
  get log(): string {
    return this._log.text;
  }

  get logIsCut(): boolean {
    return this._log.isCut;
  }

  get files(): readonly RunFile[] {
    return this._files;
  }

  /** What the run logged besides numbers, as far as it is needed to tell whose the files are. */
  get typed(): readonly TypedMetric[] {
    return this._typed;
  }

  /** The files that the run began with; null until that is known. */
  get snapshot(): Snapshot | null {
    return this._snapshot;
  }

  /** What the processes of the run use at the moment; nothing where nothing is measured, or nothing runs. */
  get usage(): readonly MetricSummary[] {
    return this._run?.status === 'Running' ? this._usage : [];
  }

  /** What the cell displayed. */
  get outputs(): IShownOutputs {
    return this._outputs;
  }

  /** The other runs of the same cell, newest first. */
  get siblings(): readonly Run[] {
    return this._siblings;
  }

  /** Whether the run has ended and all of it is here: nothing changes any more. */
  get isComplete(): boolean {
    return this._isComplete;
  }

  /** Whether changes are followed at this moment. */
  get isAwake(): boolean {
    return this._watch !== null;
  }

  get seen(): boolean {
    return this._seen;
  }

  /** Whether somebody sees the card. */
  set seen(seen: boolean) {
    if (seen === this._seen || this._isDisposed) {
      return;
    }
    this._seen = seen;
    if (!seen) {
      this._sleep();
    } else if (!this._isComplete) {
      this._watch ??= this._connection.watch();
      this._readAll();
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._sleep();
    this._connection.changed.disconnect(this._onChanges, this);
    this._connection.stateChanged.disconnect(this._onState, this);
    for (const reader of [this._runReader, this._usageReader, ...this._parts]) {
      reader.dispose();
    }
    Signal.clearData(this);
  }

  /**
   * Ask for the end of the run.
   *
   * @throws ApiError
   */
  async cancel(): Promise<void> {
    this._setRun(
      await this._connection.request('runs.cancel', { run: this.id })
    );
  }

  /**
   * The run as a notebook keeps it for places where nothing runs.
   *
   * @throws ApiError
   */
  async readStatic(): Promise<StaticCard> {
    return this._connection.request('runs.card', { run: this.id });
  }

  /**
   * The bytes of a file.
   *
   * @throws ApiError
   */
  async download(file: RunFile): Promise<ArrayBuffer> {
    return this._connection.request('files.download', {
      run: this.id,
      name: file.name,
      kind: file.kind
    });
  }

  private _sleep(): void {
    this._watch?.dispose();
    this._watch = null;
  }

  private _readAll(): void {
    this._missed = false;
    this._runReader.request();
    if (this._run !== null) {
      this._readParts();
    }
  }

  private _readParts(): void {
    for (const part of this._parts) {
      part.request();
    }
  }

  private _onState(): void {
    if (!this.isAwake) {
      return;
    }
    const { info, state } = this._connection;
    if (state === 'connected' && this._missed) {
      this._readAll();
    } else if (this._hold.look(info)) {
      this._runReader.request();
    }
    this._changed.emit();
  }

  private _onChanges(_: unknown, changes: readonly Change[]): void {
    if (!this.isAwake) {
      return;
    }
    const kinds = new Set(
      changes.filter(c => c.subject === this.id).map(c => c.kind)
    );
    // How far the run is stands at the end of its log, so no change of the record tells of it.
    if (kinds.has('run') || kinds.has('metric') || kinds.has('log')) {
      this._runReader.request();
    }
    if (kinds.has('metric')) {
      this._pointsReader.request();
      this._usageReader.request();
    }
    if (kinds.has('run') || kinds.has('log')) {
      this._logReader.request();
    }
    if (kinds.has('file')) {
      this._filesReader.request();
    }
  }

  /**
   * Read something; what the server refuses is kept where the card says it.
   *
   * @returns whether it was read
   */
  private async _read(task: () => Promise<void>): Promise<boolean> {
    if (!this._seen) {
      return false;
    }
    try {
      await task();
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      if (this._connection.state === 'lost' || error.code === 'network') {
        this._missed = true;
      } else if (!this._isDisposed) {
        this._error = error;
        this._sleep();
      }
      return false;
    } finally {
      if (!this._isDisposed) {
        this._changed.emit();
      }
    }
  }

  private async _readRun(): Promise<void> {
    const run = await this._connection.request('runs.get', { run: this.id });
    const isFirst = this._run === null;
    this._setRun(run);
    if (isFirst || hasEnded(run)) {
      this._readParts();
    }
    if (isFirst) {
      this._usageReader.request();
    }
  }

  /** A part was read of a run that had ended before: when all were, nothing new will come. */
  private _onReadAtEnd(part: Coalescer): void {
    this._readAtEnd.add(part);
    if (this._parts.every(it => this._readAtEnd.has(it))) {
      this._isComplete = true;
      this._sleep();
      this._changed.emit();
    }
  }

  private _setRun(run: Run): void {
    if (run.status_sequence < (this._run?.status_sequence ?? 0)) {
      return;
    }
    this._run = run;
    this._error = null;
    this._chooseMetrics(run);
    this._changed.emit();
  }

  private _chooseMetrics(run: Run): void {
    const names = new Set(this._charts.map(points => points.name));
    for (const name of leadingMetrics([run])) {
      if (names.size < MOST_CHARTS && !names.has(name)) {
        names.add(name);
        this._charts = [...this._charts, new Points(name)];
        this._pointsReader.request();
      }
    }
  }

  private async _readPoints(): Promise<void> {
    const { _connection: connection, id } = this;
    await Promise.all(
      this._charts.map(async points => {
        const isWanted = () => !this._isDisposed;
        const read = await readPoints(connection, id, points, isWanted);
        this._charts = this._charts.map(it => (it === points ? read : it));
      })
    );
  }

  private async _readFiles(): Promise<void> {
    this._files = await readFiles(this._connection, this.id);
    if (mayHaveValues(this._files)) {
      const typed = await this._connection.request('metrics.typed', {
        run: this.id
      });
      this._typed = typed.items;
    }
    const file = this._files.find(it => isOutputs(it));
    if (file && file.digest !== this._outputsDigest) {
      const bytes = await this.download(file);
      this._outputs = readOutputs(new TextDecoder().decode(bytes));
      this._outputsDigest = file.digest;
    }
  }

  private async _readSnapshot(): Promise<void> {
    const snapshot = this._run?.snapshot_id ?? null;
    if (snapshot !== null && this._snapshot === null) {
      this._snapshot = await this._connection
        .request('snapshots.summary', { snapshot })
        .catch(unlessMissing);
    }
  }

  private async _readUsage(): Promise<void> {
    if (this._run?.status === 'Running') {
      const page = await this._connection
        .request('metrics.list', { run: this.id, system: true })
        .catch(unlessMissing);
      this._usage = page?.items ?? [];
    }
  }

  private async _readSiblings(): Promise<void> {
    const source = this._run?.source;
    if (!source || source.cell_id === '' || source.document === '') {
      return;
    }
    const page = await this._connection.request('runs.list', {
      document: source.document,
      limit: MOST_RUNS
    });
    this._siblings = page.items.filter(
      run => run.source.cell_id === source.cell_id && run.id !== this.id
    );
  }

  private _changed = new Signal<this, void>(this);
  private _charts: readonly Points[] = [];
  private _error: ApiError | null = null;
  private _files: readonly RunFile[] = [];
  private _hold = new Hold();
  private _isComplete = false;
  private _isDisposed = false;
  /** Something could not be read because nobody answered. */
  private _missed = false;
  private _outputs = NO_OUTPUTS;
  private _outputsDigest: string | null = null;
  private _run: Run | null = null;
  private _seen = false;
  private _siblings: readonly Run[] = [];
  private _snapshot: Snapshot | null = null;
  private _typed: readonly TypedMetric[] = [];
  private _usage: readonly MetricSummary[] = [];
  private _watch: IDisposable | null = null;

  private _log = new LogTail(this._connection, 'std.log', () =>
    this._logReader.request()
  );

  private _runReader = this._reader(() => this._readRun(), 400);
  private _pointsReader = this._reader(() => this._readPoints(), 80);
  private _logReader = this._reader(async () => {
    await this._log.read(this.id);
  }, 200);
  private _filesReader = this._reader(() => this._readFiles(), 500);
  private _siblingsReader = this._reader(() => this._readSiblings(), 1000);
  private _snapshotReader = this._reader(() => this._readSnapshot(), 1000);
  private _usageReader = new Coalescer(async () => {
    await this._read(() => this._readUsage());
  }, USAGE_MS);
  /** What was read after the run had ended. */
  private _readAtEnd = new Set<Coalescer>();
  private _parts = [
    this._pointsReader,
    this._logReader,
    this._filesReader,
    this._siblingsReader,
    this._snapshotReader
  ];

  private _reader(task: () => Promise<void>, interval: number): Coalescer {
    const reader = new Coalescer(async () => {
      const hadEnded = this._run !== null && hasEnded(this._run);
      if ((await this._read(task)) && hadEnded) {
        this._onReadAtEnd(reader);
      }
    }, interval);
    return reader;
  }
}

/** What is not there any more is not shown. */
function unlessMissing(error: unknown): null {
  if (error instanceof ApiError && error.code === 'not_found') {
    return null;
  }
  throw error;
}
