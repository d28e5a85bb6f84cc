import { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { ApiError, Change, decodeMany, ISeries, SeriesWanted } from '../api';
import { MAX_ROWS, Points } from '../charts/points';
import { IWorkspaceConnection } from '../tokens';
import { Coalescer } from './coalescer';

/**
 * News are read at most so often, in milliseconds: of a few series, and of more than these, so that with the answer and
 * the drawing all of their charts are drawn four times a second.
 */
const INTERVAL_OF_FEW = 80;
const FEW = 24;
const INTERVAL = 200;
/** What nobody answered is asked again so often, in milliseconds. */
const AGAIN = 2000;
/** So many series are read for the first time with one question, and so many of which only news is wanted. */
const FIRST_AT_ONCE = 24;
const NEWS_AT_ONCE = 400;
/** So many series that nobody looks at any more are kept for when somebody does again. */
const MOST_KEPT = 200;

/** A series that is kept up to date. */
export interface IFedSeries extends IDisposable {
  readonly points: Points;
}

interface IEntry {
  readonly key: string;
  readonly run: string;
  readonly points: Points;
  /** Told when there are new points. */
  readonly readers: Set<() => void>;
  /** What was read may be of records that are no more: the next answer stands in its place. */
  isOld: boolean;
}

/**
 * The points of metrics, for all charts of a workspace. One question asks for the news of all that is looked at, so what
 * travels is what grew, and what nobody looks at is not asked for.
 */
export class SeriesFeed implements IDisposable {
  constructor(private readonly _connection: IWorkspaceConnection) {
    _connection.changed.connect(this._onChanges, this);
    _connection.stateChanged.connect(this._onState, this);
    _connection.workspaceChanged.connect(this._onWorkspace, this);
  }

  /** The feed of a connection, always the same one. */
  static of(connection: IWorkspaceConnection): SeriesFeed {
    let feed = FEEDS.get(connection);
    if (!feed) {
      feed = new SeriesFeed(connection);
      FEEDS.set(connection, feed);
    }
    return feed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._connection.changed.disconnect(this._onChanges, this);
      this._connection.stateChanged.disconnect(this._onState, this);
      this._connection.workspaceChanged.disconnect(this._onWorkspace, this);
      this._reader.dispose();
      this._again.dispose();
      Signal.clearData(this);
    }
  }

  /**
   * Keep a series read until the returned object is disposed.
   *
   * @param onNews told when it has points that it had not before
   */
  want(run: string, name: string, onNews: () => void): IFedSeries {
    const key = `${run} ${name}`;
    const entry = this._entries.get(key) ?? {
      key,
      run,
      points: new Points(name),
      readers: new Set(),
      isOld: false
    };
    // What was looked at last is at the end, and kept longest.
    this._entries.delete(key);
    this._entries.set(key, entry);
    const reader = () => onNews();
    entry.readers.add(reader);
    this._ask(entry);
    let isDisposed = false;
    return {
      points: entry.points,
      get isDisposed() {
        return isDisposed;
      },
      dispose: () => {
        isDisposed = true;
        entry.readers.delete(reader);
        this._forget();
      }
    };
  }

  /**
   * Read some series once, in the order asked for.
   *
   * @throws ApiError
   */
  async read(wanted: readonly SeriesWanted[]): Promise<ISeries[]> {
    const found: ISeries[] = [];
    for (let i = 0; i < wanted.length; i += FIRST_AT_ONCE) {
      found.push(...(await this._post(wanted.slice(i, i + FIRST_AT_ONCE))));
    }
    return found;
  }

  private _ask(entry: IEntry): void {
    this._stale.add(entry);
    this._reader.request();
  }

  private _onChanges(_: unknown, changes: readonly Change[]): void {
    const runs = new Set(
      changes.filter(it => it.kind === 'metric').map(it => it.subject)
    );
    if (runs.size > 0) {
      for (const entry of this._entries.values()) {
        if (entry.readers.size > 0 && runs.has(entry.run)) {
          this._ask(entry);
        }
      }
    }
  }

  /** What nobody answered is asked again when somebody may. */
  private _onState(): void {
    if (this._stale.size > 0 && this._connection.state === 'connected') {
      this._reader.request();
    }
  }

  /** Nothing that was read holds in another workspace, or in records that were put back; what is looked at is read anew. */
  private _onWorkspace(): void {
    const isFirst = this._workspace === null;
    this._workspace = this._connection.info?.id ?? null;
    for (const entry of [...this._entries.values()]) {
      if (entry.readers.size === 0) {
        this._entries.delete(entry.key);
        this._stale.delete(entry);
      } else if (!isFirst) {
        entry.isOld = true;
        this._stale.add(entry);
      }
    }
    if (this._stale.size > 0) {
      this._reader.request();
    }
  }

  /** Read what is asked for now; what is asked for meanwhile has its turn after the interval, like all others. */
  private async _read(): Promise<void> {
    const batches = batchesOf(
      [...this._stale].filter(it => it.readers.size > 0)
    );
    while (batches.length > 0 && !this._isDisposed) {
      const batch = batches[0];
      batch.forEach(entry => this._stale.delete(entry));
      const anew = new Set(batch.filter(it => it.isOld));
      try {
        const found = await this._post(
          batch.map(({ isOld, run, points }) => ({
            run,
            name: points.name,
            after: isOld ? 0 : points.count,
            points: MAX_ROWS
          }))
        );
        this._take(batch, found, anew);
        batches.shift();
      } catch (error) {
        // It is asked again with the next news, or when the connection is back.
        batch.forEach(entry => this._stale.add(entry));
        if (!(error instanceof ApiError)) {
          throw error;
        }
        // What kept it from being answered may be over already, and was before that was known here.
        const mayPass = error.status < 400 || error.status >= 500;
        if (mayPass && this._connection.state === 'connected') {
          this._again.request();
        }
        return;
      }
    }
  }

  /** @param anew those of which all was asked for */
  private _take(
    batch: readonly IEntry[],
    found: readonly ISeries[],
    anew: ReadonlySet<IEntry>
  ): void {
    const readers = new Set<() => void>();
    found.forEach((piece, i) => {
      const entry = batch[i];
      const { points, readers: own } = entry;
      const isAnew = anew.has(entry);
      if (isAnew) {
        points.clear();
        entry.isOld = false;
      }
      if (isAnew || piece.points > 0) {
        points.add(piece);
        own.forEach(reader => readers.add(reader));
      }
    });
    readers.forEach(reader => reader());
  }

  private async _post(series: readonly SeriesWanted[]): Promise<ISeries[]> {
    const bytes = await this._connection.request(
      'metrics.read_many',
      {},
      { series: [...series] }
    );
    return decodeMany(bytes);
  }

  /** Whether few series are looked at. */
  private _isLittle(): boolean {
    let wanted = 0;
    for (const { readers } of this._entries.values()) {
      wanted += readers.size > 0 ? 1 : 0;
    }
    return wanted <= FEW;
  }

  /** Drop what nobody looks at, all but the last. */
  private _forget(): void {
    const idle = [...this._entries.values()].filter(
      it => it.readers.size === 0
    );
    for (const entry of idle.slice(0, Math.max(0, idle.length - MOST_KEPT))) {
      this._entries.delete(entry.key);
      this._stale.delete(entry);
    }
  }

  /** Where the connection is there and its answers are not, it is asked calmly. */
  private _again = new Coalescer(async () => this._reader.request(), AGAIN);
  private _entries = new Map<string, IEntry>();
  private _isDisposed = false;
  private _reader = new Coalescer(
    () => this._read(),
    () => (this._isLittle() ? INTERVAL_OF_FEW : INTERVAL)
  );
  private _stale = new Set<IEntry>();
  /** Id of the workspace, once it is known. */
  private _workspace = this._connection.info?.id ?? null;
}

/**
 * Series as they are asked for together: those of which only news is wanted with the first question, as they are small, and
 * of what is read for the first time a few with each. Neither has to wait until the others want nothing more.
 */
function batchesOf(wanted: readonly IEntry[]): IEntry[][] {
  const known = wanted.filter(it => it.points.count > 0);
  const fresh = wanted.filter(it => it.points.count === 0);
  const batches: IEntry[][] = [];
  for (
    let i = 0;
    i * NEWS_AT_ONCE < known.length || i * FIRST_AT_ONCE < fresh.length;
    i++
  ) {
    batches.push([
      ...known.slice(i * NEWS_AT_ONCE, (i + 1) * NEWS_AT_ONCE),
      ...fresh.slice(i * FIRST_AT_ONCE, (i + 1) * FIRST_AT_ONCE)
    ]);
  }
  return batches;
}

const FEEDS = new WeakMap<IWorkspaceConnection, SeriesFeed>();
