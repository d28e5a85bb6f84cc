import { Event, ServerConnection } from '@jupyterlab/services';
import { DisposableDelegate, IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { ISignal, IStream, Signal } from '@lumino/signaling';

import { ApiError, Change, Operations, request, WorkspaceInfo } from '../api';
import { ConnectionState, IWorkspaceConnection } from '../tokens';
import { Coalescer } from './coalescer';

/** What the id of the event's schema begins with; its version follows. */
const CHANGES_SCHEMA = 'https://events.jupyter-mlws.org/changes/';

const PAGE = 500;
const CALM = { backoff: true, interval: 5000, max: 30000 };
/** Facts of a workspace where nothing is live are read again when they are older. */
const FACTS_AGE = 30000;
const HURRIED = { backoff: true, interval: 1000, max: 10000 };

/**
 * Follows one workspace, the one that it was given or that of the document in front: events tell of changes at once, a slow poll of the change feed catches what they lost.
 *
 * Only the poll moves the cursor, because an event that never came leaves no gap to be seen. What an event told already
 * is not told again.
 */
export class WorkspaceConnection implements IWorkspaceConnection, IDisposable {
  constructor(options: WorkspaceConnection.IOptions) {
    this._settings = options.serverSettings;
    this._stream = options.stream;
    this._workspace = options.workspace;
    this._stream.connect(this._onEvent, this);
    this._poll = new Poll({
      auto: false,
      factory: () => this._tick(),
      frequency: CALM,
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

  get document(): string {
    return this._document;
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
    Signal.clearData(this);
  }

  async request<Id extends keyof Operations>(
    id: Id,
    parameters: Operations[Id]['arguments'],
    body?: Operations[Id]['body']
  ): Promise<Operations[Id]['answer']> {
    try {
      return await request(
        {
          settings: this._settings,
          workspace: this._info?.id ?? this._workspace
        },
        id,
        parameters,
        body
      );
    } catch (error) {
      if (isNetworkFailure(error)) {
        this._setState('lost', error);
      }
      throw error;
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
      }
    });
  }

  setDocument(path: string): void {
    if (path === this._document) {
      return;
    }
    this._document = path;
    this._resolved = false;
    this._stateChanged.emit();
    if (this._watchers > 0) {
      void this.refresh();
    }
  }

  async refresh(): Promise<void> {
    if (!this._isDisposed) {
      await this._poll.refresh();
    }
  }

  async wake(): Promise<void> {
    try {
      this._setInfo(await this.request('workspace.wake', {}));
    } catch (error) {
      await this._readInfo();
      throw error;
    }
  }

  private async _tick(): Promise<void> {
    try {
      if (!this._resolved) {
        await this._resolve();
      }
      await this._catchUp();
      if (this._isInfoOld()) {
        this._setInfo(await this.request('workspace.info', {}));
      }
      this._setState('connected', null);
    } catch (error) {
      this._fail(error);
      throw error;
    }
  }

  private async _resolve(): Promise<void> {
    const document = this._document;
    const info =
      this._workspace === undefined
        ? await this.request('registry.resolve', { document })
        : await this.request('workspace.info', {});
    if (document !== this._document) {
      return this._resolve();
    }
    this._resolved = true;
    const previous = this._info;
    this._info = info;
    this._infoAt = Date.now();
    if (previous?.id !== info.id) {
      this._cursor = info.last_change;
      this._told.clear();
      this._workspaceChanged.emit();
    }
    this._stateChanged.emit();
  }

  private async _catchUp(): Promise<void> {
    const workspace = this._info?.id;
    const page = await this.request('workspace.changes', {
      since: this._cursor,
      limit: PAGE
    });
    if (workspace !== this._info?.id) {
      return;
    }
    this._cursor = page.cursor;
    const fresh = page.changes.filter(
      change => change.cursor > (this._told.get(keyOf(change)) ?? 0)
    );
    // All of it lies behind the cursor now, so nobody will tell it again.
    for (const [key, cursor] of this._told) {
      if (cursor <= page.cursor) {
        this._told.delete(key);
      }
    }
    this._tell(fresh);
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
    const changes = event.changes.map(change => ({
      ...change,
      cursor: event.cursor
    }));
    for (const change of changes) {
      this._told.set(keyOf(change), event.cursor);
    }
    this._tell(changes);
  }

  private _tell(changes: readonly Change[]): void {
    if (changes.length === 0) {
      return;
    }
    if (
      changes.some(change => change.kind !== 'metric' && change.kind !== 'log')
    ) {
      this._infoReader.request();
    }
    this._changed.emit(changes);
  }

  private async _readInfo(): Promise<void> {
    try {
      this._setInfo(await this.request('workspace.info', {}));
    } catch (error) {
      this._fail(error);
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
    this._poll.frequency = state === 'lost' ? HURRIED : CALM;
    if (state === this._state && error?.message === this._error?.message) {
      return;
    }
    this._state = state;
    this._error = error;
    this._stateChanged.emit();
  }

  private _changed = new Signal<this, readonly Change[]>(this);
  private _cursor = 0;
  private _document = '';
  private _error: ApiError | null = null;
  private _info: WorkspaceInfo | null = null;
  private _infoAt = 0;
  private _infoReader: Coalescer;
  private _isDisposed = false;
  private _poll: Poll;
  private _resolved = false;
  private _settings: ServerConnection.ISettings;
  private _state: ConnectionState = 'connecting';
  private _stateChanged = new Signal<this, void>(this);
  private _stream: IStream<unknown, Event.Emission>;
  private _told = new Map<string, number>();
  private _watchers = 0;
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

interface IChangesEvent {
  workspace: string;
  cursor: number;
  changes: readonly { kind: string; subject: string }[];
}

function keyOf(change: { kind: string; subject: string }): string {
  return `${change.kind} ${change.subject}`;
}

/** Whether nobody answered, or a proxy did in the server's stead. */
function isNetworkFailure(error: unknown): error is ApiError {
  return (
    error instanceof ApiError &&
    (error.code === 'network' ||
      (error.code === 'http_error' && [502, 503, 504].includes(error.status)))
  );
}
