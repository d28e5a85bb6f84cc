import { IDisposable } from '@lumino/disposable';

import { ApiError } from '../api';
import { Coalescer } from '../model/coalescer';
import { Listed } from './listed';
import { IListing, PAGE, Questions } from './questions';

/** What is to be listed now. */
export interface IWish {
  /** Whether somebody looks, and there is a workspace to ask. */
  readonly isAwake: boolean;
  /** What was typed. */
  readonly search: string;
  readonly listing: IListing;
}

/** Reads the list: as much of it as somebody looked at. */
export class ListReader implements IDisposable {
  /**
   * @param onChange told when something that is shown changed
   * @param onRead told when the beginning was read, or could not be
   * @param onBegun told when another list was begun, with the runs on it that are there for what lies below them
   */
  constructor(
    private readonly _wish: IWish,
    private readonly _listed: Listed,
    private readonly _questions: Questions,
    private readonly _onChange: () => void,
    private readonly _onRead: () => void,
    private readonly _onBegun: (forThoseBelow: readonly string[]) => void
  ) {}

  get isDisposed(): boolean {
    return this._reader.isDisposed;
  }

  get isLoaded(): boolean {
    return this._isLoaded;
  }

  get error(): ApiError | null {
    return this._error;
  }

  /** Why the condition that was typed cannot be understood. */
  get queryError(): ApiError | null {
    return this._queryError;
  }

  /** Whether the server has not answered yet what was typed. */
  get isSearching(): boolean {
    return (
      this._wish.search !== this._listed.search && this._queryError === null
    );
  }

  dispose(): void {
    this._reader.dispose();
  }

  /** Read the list as far as it was read before. */
  request(): void {
    this._reader.request();
  }

  /** Something else was typed: what was wrong before is wrong no more. */
  forgive(): void {
    this._queryError = null;
  }

  /** The server is there again. */
  goOn(): void {
    if (this._isStuck) {
      this._isStuck = false;
      this._onChange();
    }
  }

  reset(): void {
    this._needed = 0;
    this._isLoaded = false;
    this._error = null;
    this._queryError = null;
  }

  /** Read on until so many runs of the top level are here, or all. */
  async need(count: number): Promise<void> {
    if (this.isSearching) {
      return;
    }
    this._needed = Math.max(this._needed, count);
    this._reading ??= this._readOn().finally(() => {
      this._reading = null;
    });
    await this._reading;
  }

  /** Tell of what went wrong when something was read. */
  fail(error: unknown): void {
    if (!(error instanceof ApiError)) {
      throw error;
    }
    if (error.code === 'invalid_filter') {
      this._queryError = error;
      this._listed.tree.narrowed = null;
    } else {
      // A lost connection is the connection's business: it heals, and what was read stays on screen.
      this._error = error.code === 'network' ? null : error;
    }
    this._onChange();
  }

  private async _readBeginning(): Promise<void> {
    const listed = this._listed;
    const { isAwake, search, listing } = this._wish;
    if (!isAwake) {
      return;
    }
    const { generation, acts } = listed;
    const isNew = search !== listed.search || !this._isLoaded;
    const before = listed.tree.top.map(run => run.id);
    const wanted = isNew ? PAGE : before.length;
    const holds = () =>
      generation === listed.generation && search === this._wish.search;
    try {
      const page = await this._questions.begin(listing, wanted, holds);
      if (page === null) {
        return;
      }
      this._error = this._queryError = null;
      this._isLoaded = true;
      this._isStuck = false;
      const { items, next_cursor } = page;
      if (isNew) {
        this._needed = 0;
        listed.begin(search, items, next_cursor);
        this._onBegun(page.for_those_below);
      } else {
        const old = before.filter(id => !listed.isNewer(id, acts));
        listed.takeAnew(items, next_cursor, old);
      }
      listed.tree.total = page.total;
      this._onChange();
    } catch (error) {
      if (holds()) {
        this.fail(error);
      }
    }
    this._onRead();
  }

  private async _readOn(): Promise<void> {
    const listed = this._listed;
    const { generation, search } = listed;
    try {
      while (
        listed.next !== null &&
        listed.tree.top.length < this._needed &&
        !this._isStuck
      ) {
        const cursor = listed.next;
        const wanted = this._needed - listed.tree.top.length;
        const page = await this._questions.page(this._wish.listing, {
          cursor,
          wanted
        });
        if (generation !== listed.generation || search !== listed.search) {
          return;
        }
        if (cursor === listed.next) {
          listed.takeOn(page.items, page.next_cursor);
        }
        // Else the list was read anew meanwhile: go on from there.
      }
    } catch (error) {
      // Whoever looks would ask again at once, and for ever.
      this._isStuck = true;
      this.fail(error);
    }
  }

  private _error: ApiError | null = null;
  private _isLoaded = false;
  private _isStuck = false;
  /** So many runs of the top level somebody wants to see. */
  private _needed = 0;
  private _queryError: ApiError | null = null;
  private _reader = new Coalescer(() => this._readBeginning(), 60);
  private _reading: Promise<void> | null = null;
}
