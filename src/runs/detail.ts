import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import {
  ApiError,
  Change,
  Reproducibility,
  Run,
  RunFile,
  RunUpdate
} from '../api';
import { Coalescer } from '../model/coalescer';
import { Hold } from '../model/hold';
import { IWorkspaceConnection } from '../tokens';
import { TypedMetricsModel } from '../typed/model';
import { readFiles } from './fileList';
import { LogTail } from './logs';
import { IShownOutputs, readOutputs } from './outputs';
import { hasEnded } from './status';

/** Outputs of more bytes are offered as a file instead of being read. */
const MAX_OUTPUT_BYTES = 32 * 1024 * 1024;
const OUTPUTS = 'display.jsonl';
const NO_OUTPUTS: IShownOutputs = { shown: [], more: 0 };

/**
 * One run as it is shown: record, end of the logs, files, whether it can be done again. Only what is new is read.
 */
export class RunDetailModel implements IDisposable {
  /**
   * @param choices which logged values somebody opened or closed, by their names, where that is shared between runs
   */
  constructor(
    private readonly _connection: IWorkspaceConnection,
    choices?: Map<string, boolean>
  ) {
    _connection.changed.connect(this._onChanges, this);
    _connection.stateChanged.connect(this._onState, this);
    this.typed = new TypedMetricsModel(_connection, choices);
  }

  /** What the run logged besides numbers. */
  readonly typed: TypedMetricsModel;

  /** Something that a view shows changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get id(): string | null {
    return this._id;
  }

  get run(): Run | null {
    return this._run;
  }

  get error(): ApiError | null {
    return this._error;
  }

  /** End of the log as it came, terminal escapes and all. */
  get log(): string {
    return this._log.text;
  }

  /** Whether the log has more than is shown. */
  get logIsCut(): boolean {
    return this._log.isCut;
  }

  /** End of the log of the building of its environment, once somebody looked at it. */
  get buildLog(): string {
    return this._buildLog.text;
  }

  /** Whether the log of the building is looked at, and so followed. */
  get showsBuildLog(): boolean {
    return this._showsBuildLog;
  }

  set showsBuildLog(shows: boolean) {
    this._showsBuildLog = shows;
    if (shows) {
      this._buildLogReader.request();
    }
  }

  /** Whether the run can be done again; null until it has ended, and while that is not known. */
  get reproducibility(): Reproducibility | null {
    return this._reproducibility;
  }

  get files(): readonly RunFile[] {
    return this._files;
  }

  /** What the cell displayed. */
  get outputs(): IShownOutputs {
    return this._outputs;
  }

  get active(): boolean {
    return this._active;
  }

  set active(active: boolean) {
    if (active === this._active) {
      return;
    }
    this._active = active;
    this.typed.active = active;
    if (active) {
      this._readAll();
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._connection.changed.disconnect(this._onChanges, this);
    this._connection.stateChanged.disconnect(this._onState, this);
    for (const reader of this._readers) {
      reader.dispose();
    }
    this.typed.dispose();
    Signal.clearData(this);
  }

  /** Show another run. */
  setRun(id: string | null): void {
    if (id === this._id) {
      return;
    }
    this._id = id;
    this._run = null;
    this._error = null;
    this._log.reset();
    this._buildLog.reset();
    this._showsBuildLog = false;
    this._reproducibility = null;
    this._files = [];
    this._outputs = NO_OUTPUTS;
    this._outputsDigest = null;
    this._changed.emit();
    this.typed.setRun(id);
    this._readAll();
  }

  /** Read everything again. */
  refresh(): void {
    this._readAll();
    this.typed.refresh();
  }

  /** The bytes of a file. */
  async download(file: RunFile): Promise<ArrayBuffer> {
    return this._connection.request('files.download', {
      run: this._id!,
      name: file.name,
      kind: file.kind
    });
  }

  /**
   * Change what a person may change about the run.
   *
   * @throws ApiError
   */
  async update(change: RunUpdate): Promise<void> {
    const id = this._id;
    if (id === null) {
      return;
    }
    const { display_name, description, tags, properties } =
      await this._connection.request('runs.update', { run: id }, change);
    if (id === this._id && this._run !== null) {
      this._updates += 1;
      this._run = { ...this._run, display_name, description, tags, properties };
      this._changed.emit();
    }
  }

  private _readAll(): void {
    for (const reader of this._readers) {
      reader.request();
    }
  }

  private _onState(): void {
    const mayDiffer = this._hold.look(this._connection.info);
    if (mayDiffer && this._run !== null && !hasEnded(this._run)) {
      this._runReader.request();
    }
  }

  private _onChanges(_: unknown, changes: readonly Change[]): void {
    const kinds = new Set(
      changes.filter(c => c.subject === this._id).map(c => c.kind)
    );
    // How far the run is stands at the end of its log, so no change of the record tells of it.
    if (kinds.has('run') || kinds.has('metric') || kinds.has('log')) {
      this._runReader.request();
    }
    if (kinds.has('log') || kinds.has('run')) {
      this._logReader.request();
    }
    if (kinds.has('run') && this._showsBuildLog) {
      this._buildLogReader.request();
    }
    if (kinds.has('file')) {
      this._filesReader.request();
    }
  }

  /** Run a reader's task for the run in front, and keep its failures where a person sees them. */
  private async _read(task: (id: string) => Promise<void>): Promise<void> {
    const id = this._id;
    if (id === null || !this._active) {
      return;
    }
    try {
      await task(id);
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      if (id === this._id && error.code !== 'network') {
        this._error = error;
        this._changed.emit();
      }
    }
  }

  private async _readRun(id: string): Promise<void> {
    const updates = this._updates;
    const run = await this._connection.request('runs.get', { run: id });
    if (id !== this._id) {
      return;
    }
    if (updates !== this._updates) {
      // It may have been read before it was changed here.
      this._runReader.request();
      return;
    }
    const wasLive = this._run !== null && !hasEnded(this._run);
    this._run = run;
    this._error = null;
    if (hasEnded(run) && (wasLive || this._reproducibility === null)) {
      this._reproducibilityReader.request();
    }
    this._changed.emit();
  }

  private async _readLog(id: string): Promise<void> {
    if (await this._log.read(id)) {
      this._changed.emit();
    }
  }

  private async _readBuildLog(id: string): Promise<void> {
    if (this._showsBuildLog && (await this._buildLog.read(id))) {
      this._changed.emit();
    }
  }

  private async _readReproducibility(id: string): Promise<void> {
    if (this._run === null || !hasEnded(this._run)) {
      return;
    }
    const found = await this._connection.request('runs.reproducibility', {
      run: id
    });
    if (id === this._id) {
      this._reproducibility = found;
      this._changed.emit();
    }
  }

  private async _readFiles(id: string): Promise<void> {
    const files = await readFiles(this._connection, id);
    if (id === this._id) {
      this._files = files;
      this._changed.emit();
      await this._readOutputs(id);
    }
  }

  private async _readOutputs(id: string): Promise<void> {
    const file = this._files.find(it => isOutputs(it));
    if (!file || file.digest === this._outputsDigest) {
      return;
    }
    const bytes = await this.download(file);
    if (id === this._id) {
      this._outputs = readOutputs(new TextDecoder().decode(bytes));
      this._outputsDigest = file.digest;
      this._changed.emit();
    }
  }

  private _active = false;
  private _changed = new Signal<this, void>(this);
  private _error: ApiError | null = null;
  private _files: readonly RunFile[] = [];
  private _hold = new Hold();
  private _id: string | null = null;
  private _isDisposed = false;
  private _outputs = NO_OUTPUTS;
  private _outputsDigest: string | null = null;
  private _reproducibility: Reproducibility | null = null;
  private _run: Run | null = null;
  private _showsBuildLog = false;
  /** How often the run was changed from here. */
  private _updates = 0;

  private _log = new LogTail(this._connection, 'std.log', () =>
    this._logReader.request()
  );
  private _buildLog = new LogTail(this._connection, 'environment.log', () =>
    this._buildLogReader.request()
  );

  private _filesReader = this._reader(id => this._readFiles(id), 500);
  private _logReader = this._reader(id => this._readLog(id), 200);
  private _buildLogReader = this._reader(id => this._readBuildLog(id), 400);
  private _reproducibilityReader = this._reader(
    id => this._readReproducibility(id),
    1000
  );
  private _runReader = this._reader(id => this._readRun(id), 400);
  private _readers = [
    this._runReader,
    this._logReader,
    this._filesReader,
    this._buildLogReader,
    this._reproducibilityReader
  ];

  private _reader(task: (id: string) => Promise<void>, interval: number) {
    return new Coalescer(() => this._read(task), interval);
  }
}

/** Whether a file holds what the cell displayed, and can be shown. */
export function isOutputs(file: RunFile): boolean {
  return (
    file.kind === 'result' &&
    file.name === OUTPUTS &&
    file.size_bytes <= MAX_OUTPUT_BYTES
  );
}
