import { Event, ServerConnection } from '@jupyterlab/services';
import { PromiseDelegate } from '@lumino/coreutils';
import { DisposableDelegate, IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { ISignal, IStream, Signal } from '@lumino/signaling';

import {
  ApiError,
  Change,
  Operations,
  OPERATIONS,
  request,
  urlOf,
  WorkspaceInfo
} from '../api';
import { ConnectionState, IWorkspaceConnection } from '../tokens';
import { Coalescer } from './coalescer';
import { Feed, IChangesEvent } from './feed';
import { CALM, isNetworkFailure, mayComeBack, pace } from './pace';
import { SharedReads } from './reads';

/** What the id of the event's schema begins with; its version follows. */
const CHANGES_SCHEMA = 'https://events.jupyter-mlws.org/changes/';

const PAGE = 500;
/** Facts of a workspace where nothing is live are read again when they are older. */
const FACTS_AGE = 30000;
/** A read that the network swallowed is sent again so often. */
const TRIES = 3;

/**
 * Follows one workspace, the one that it was given or that of the document in front: events tell of changes at once, a
 * slow poll of the change feed catches what they lost, and a quicker one stands in for them where none come through.
 *
 * A read that the network swallowed, or that met a workspace whose disk or database is away, waits until that is back and
 * is sent again, so that nothing that is on screen has to know of it.
 */
export class WorkspaceConnection implements IWorkspaceConnection, IDisposable {
  constructor(options: WorkspaceConnection.IOptions) {
    this._settings = options.serverSettings;
    this._stream = options.stream;
    this._reads = SharedReads.of(this._settings);
    this._workspace = options.workspace;
    this._stream.connect(this._onEvent, this);
    this._poll = new Poll({
      auto: false,
      factory: () => this._tick(),
      frequency: CALM,
      // What a poll tells, views read.
      linger: 0,
      name: 'jupyter-mlws:changes',
      standby: 'when-hidden'
    });
    this._infoReader = new Coalescer(() => this._readInfo(), 1000);
  }

  get state(): ConnectionState {
    return this._state;
  }

  get error(): ApiError | null {
    return this._error;
  }

  get info(): WorkspaceInfo | null {
    return this._info;
  }

  get chosen(): string | null {
    return this._chosen;
  }

  get document(): string {
    // The document in front is none of a workspace that was chosen in its stead.
    return this._chosen === null ? this._document : '';
  }

  get stateChanged(): ISignal<this, void> {
    return this._stateChanged;
  }

  get workspaceChanged(): ISignal<this, void> {
    return this._workspaceChanged;
  }

  get changed(): ISignal<this, readonly Change[]> {
    return this._changed;
  }

  get isPolling(): boolean {
    return this._feed.isDeaf;
  }

  /** Whether anybody keeps it awake. */
  get isWatched(): boolean {
    return this._watchers > 0;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._stream.disconnect(this._onEvent, this);
    this._poll.dispose();
    this._infoReader.dispose();
    this._giveUp();
    Signal.clearData(this);
  }

  async request<Id extends keyof Operations>(
    id: Id,
    parameters: Operations[Id]['arguments'],
    body?: Operations[Id]['body']
  ): Promise<Operations[Id]['answer']> {
    const workspace = this._info?.id ?? this._workspace;
    const address = { settings: this._settings, workspace };
    const ask = () => request(address, id, parameters, body);
    const operation = OPERATIONS[id];
    if (!operation.reads) {
      return this._ask(ask).finally(() => {
        this._reads.forget();
        if (id.startsWith('registry.')) {
          // From now on the document in front may be of another workspace.
          this._own = null;
        }
      });
    }
    const url = urlOf(address, operation, parameters);
    // A question that is too long for an address is a body.
    const key = body === undefined ? url : `${url} ${JSON.stringify(body)}`;
    for (let tries = 1; ; tries++) {
      try {
        return await this._ask(() => this._reads.read(key, ask));
      } catch (error) {
        await this._untilBack(error);
        const here = this._info?.id ?? this._workspace;
        if (tries === TRIES || here !== workspace) {
          throw error;
        }
      }
    }
  }

  watch(): IDisposable {
    this._watchers += 1;
    if (this._watchers === 1) {
      void this._poll.start();
      void this.refresh();
    }
    return new DisposableDelegate(() => {
      this._watchers -= 1;
      if (this._watchers === 0 && !this._isDisposed) {
        void this._poll.stop();
        this._giveUp();
      }
    });
  }

  choose(workspace: string | null): void {
    const chosen = workspace === this._own ? null : workspace;
    if (chosen === this._chosen) {
      return;
    }
    this._chosen = chosen;
    this._resolved = false;
    this._wish += 1;
    this._stateChanged.emit();
    void this.refresh();
  }

  setDocument(path: string): void {
    if (path === this._document) {
      return;
    }
    this._document = path;
    this._own = null;
    if (this._chosen !== null) {
      return;
    }
    this._resolved = false;
    this._wish += 1;
    this._stateChanged.emit();
    void this.refresh();
  }

  async refresh(): Promise<void> {
    // A poll that sleeps would be woken by this, and go on.
    if (!this._isDisposed && this.isWatched) {
      await this._poll.refresh();
    }
  }

  async reread(): Promise<void> {
    await this._readInfo();
  }

  async wake(): Promise<void> {
    try {
      this._setInfo(await this.request('workspace.wake', {}));
    } catch (error) {
      await this._readInfo();
      throw error;
    }
  }

  private async _ask<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (isNetworkFailure(error) && this._state !== 'lost') {
        this._setState('lost', error);
        void this.refresh();
      }
      throw error;
    }
  }

  /**
   * Wait until a lost connection, or a workspace that is away as a whole, is back.
   *
   * @throws what went wrong, if that was something else, or nobody is there for whom to wait
   */
  private async _untilBack(error: unknown): Promise<void> {
    const isAway = isNetworkFailure(error) || (await this._isAway(error));
    if (!isAway || !this.isWatched || this._isDisposed) {
      throw error;
    }
    this._back ??= new PromiseDelegate<boolean>();
    if (!(await this._back.promise)) {
      throw error;
    }
  }

  /** Whether what was refused was refused because nothing of the workspace can be read now. */
  private async _isAway(error: unknown): Promise<boolean> {
    if (!(error instanceof ApiError) || !mayComeBack(error)) {
      return false;
    }
    // Many reads are refused at once; one look is enough for them all.
    this._look ??= this._readInfo().finally(() => {
      this._look = null;
    });
    await this._look;
    return this._state !== 'connected';
  }

  /** Let those who wait for a lost connection go without an answer. */
  private _giveUp(): void {
    this._back?.resolve(false);
    this._back = null;
  }

  /** What the connection itself asks: always sent, and never waited for when it is lost. */
  private _read<Id extends keyof Operations>(
    id: Id,
    parameters: Operations[Id]['arguments'],
    workspace = this._info?.id ?? this._workspace
  ): Promise<Operations[Id]['answer']> {
    return request({ settings: this._settings, workspace }, id, parameters);
  }

  private async _tick(): Promise<void> {
    const wish = this._wish;
    try {
      if (!this._resolved) {
        await this._resolve();
      }
      await this._catchUp();
      if (this._isInfoOld()) {
        this._setInfo(await this._read('workspace.info', {}));
      }
    } catch (error) {
      if (wish !== this._wish) {
        return this._tick(); // it went wrong with one that was left meanwhile
      }
      this._fail(error);
      throw error;
    }
    if (!this._resolved) {
      return this._tick();
    }
    this._setState('connected', null);
  }

  private async _resolve(): Promise<void> {
    const { _chosen: chosen, _document: document } = this;
    const wanted = this._workspace ?? chosen;
    const info =
      wanted === null
        ? await this._read('registry.resolve', { document })
        : await this._read('workspace.info', {}, wanted);
    if (chosen !== this._chosen || document !== this._document) {
      return this._resolve();
    }
    this._resolved = true;
    if (wanted === null) {
      this._own = info.id;
    }
    const previous = this._info;
    this._info = info;
    this._infoAt = Date.now();
    if (previous?.id !== info.id) {
      this._restart(info.last_change);
    }
    this._stateChanged.emit();
  }

  private _restart(cursor: number): void {
    this._feed.restart(cursor);
    this._reads.forget();
    this._giveUp();
    this._workspaceChanged.emit();
  }

  private async _catchUp(): Promise<void> {
    const workspace = this._info?.id;
    const since = this._feed.cursor;
    const page = await this._read('workspace.changes', { since, limit: PAGE });
    if (workspace !== this._info?.id) {
      return;
    }
    if (page.cursor < since) {
      // The records are older than what was told of them, as after a backup was put back: nothing that was read holds.
      this._restart(page.cursor);
      return;
    }
    this._tell(this._feed.take(page));
    if (page.changes.length >= PAGE) {
      await this._catchUp();
    }
  }

  private _onEvent(_: unknown, emission: Event.Emission): void {
    if (!emission.schema_id.startsWith(CHANGES_SCHEMA)) {
      return;
    }
    const event = emission as unknown as IChangesEvent;
    if (event.workspace !== this._info?.id || this._watchers === 0) {
      return;
    }
    const isSeen = document.visibilityState !== 'hidden';
    this._tell(this._feed.hear(event, isSeen));
    if (this._wasPolling) {
      // Events come again: that is told now, and not with the next poll.
      this._setState(this._state, this._error);
    }
  }

  private _tell(changes: readonly Change[]): void {
    if (changes.length === 0) {
      return;
    }
    this._reads.forget();
    if (
      changes.some(change => change.kind !== 'metric' && change.kind !== 'log')
    ) {
      this._infoReader.request();
    }
    this._changed.emit(changes);
  }

  private async _readInfo(): Promise<void> {
    const wish = this._wish;
    try {
      this._setInfo(await this._read('workspace.info', {}));
    } catch (error) {
      if (wish === this._wish) {
        this._fail(error);
      }
    }
  }

  private _setInfo(info: WorkspaceInfo): void {
    if (info.id === this._info?.id) {
      this._info = info;
      this._infoAt = Date.now();
      this._stateChanged.emit();
    }
  }

  /** No change tells of a dispatcher that dies or of a disk that fills up: while runs are live, this is asked. */
  private _isInfoOld(): boolean {
    const age = Date.now() - this._infoAt;
    const isLive = (this._info?.active_count ?? 0) > 0;
    return age >= (isLive ? CALM.interval / 2 : FACTS_AGE);
  }

  private _fail(error: unknown): void {
    if (isNetworkFailure(error)) {
      this._setState('lost', error);
    } else if (error instanceof ApiError) {
      this._resolved = this._resolved && error.code !== 'not_found';
      this._setState('failed', error);
    }
  }

  private _setState(state: ConnectionState, error: ApiError | null): void {
    const { isDeaf, isInDoubt } = this._feed;
    this._poll.frequency = pace(state, error, {
      isAlone: isDeaf || isInDoubt,
      isUnknown: this._workspace !== undefined && this._info === null
    });
    if (state === 'connected') {
      this._back?.resolve(true);
      this._back = null;
    }
    const { isPolling } = this;
    if (
      state === this._state &&
      isPolling === this._wasPolling &&
      error?.message === this._error?.message
    ) {
      return;
    }
    this._wasPolling = isPolling;
    this._state = state;
    this._error = error;
    this._stateChanged.emit();
  }

  /** Those who wait for a lost connection: whether it is back. */
  private _back: PromiseDelegate<boolean> | null = null;
  private _changed = new Signal<this, readonly Change[]>(this);
  private _chosen: string | null = null;
  private _document = '';
  private _error: ApiError | null = null;
  private _feed = new Feed();
  private _info: WorkspaceInfo | null = null;
  private _infoAt = 0;
  private _infoReader: Coalescer;
  private _isDisposed = false;
  /** A look, under way, at whether the workspace can be read at all. */
  private _look: Promise<void> | null = null;
  /** Id of the workspace of the document in front, where it is known. */
  private _own: string | null = null;
  private _poll: Poll;
  private _reads: SharedReads;
  private _resolved = false;
  private _settings: ServerConnection.ISettings;
  private _state: ConnectionState = 'connecting';
  private _stateChanged = new Signal<this, void>(this);
  private _stream: IStream<unknown, Event.Emission>;
  private _watchers = 0;
  private _wasPolling = false;
  /** Counts how often another workspace was wished for. */
  private _wish = 0;
  private _workspace: string | undefined;
  private _workspaceChanged = new Signal<this, void>(this);
}

export namespace WorkspaceConnection {
  export interface IOptions {
    serverSettings: ServerConnection.ISettings;
    /** Jupyter's own event stream. */
    stream: IStream<unknown, Event.Emission>;
    /** Id of the workspace to follow, whatever document is in front; without one, that of the document. */
    workspace?: string;
  }
}
