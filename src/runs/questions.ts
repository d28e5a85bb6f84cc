import { RunLine, RunLines } from '../api';
import { IWorkspaceConnection } from '../tokens';
import { IQuery } from './query';

/** Pages are so large at first; whoever goes far down gets larger ones. */
export const PAGE = 100;
const LARGE_PAGE = 1000;
/** So many runs are asked for by their ids at a time. */
const BY_ID = 50;

/** What is listed. */
export interface IListing extends IQuery {
  /** Path of the notebook whose runs they are; null for all. */
  readonly document: string | null;
}

/** Which lines a question is for. */
export interface IPart {
  readonly cursor?: string | null;
  /** How many are lacking. */
  readonly wanted?: number;
  /** Only those of these ids. */
  readonly only?: readonly string[];
}

/** The questions for lines of runs. Each may throw an `ApiError`. */
export class Questions {
  constructor(private readonly _connection: IWorkspaceConnection) {}

  /** A page of a list. */
  page(listing: IListing, part: IPart): Promise<RunLines> {
    const { cursor = null, wanted = PAGE, only } = part;
    return this._connection.request('runs.lines', {
      ...listing,
      ids: only?.join(','),
      limit: Math.max(PAGE, Math.min(LARGE_PAGE, wanted)),
      cursor
    });
  }

  /**
   * The beginning of a list, so far as it is wanted.
   *
   * @param isWanted asked after each answer: whether it is still waited for
   * @returns null when it is not
   */
  begin(
    listing: IListing,
    wanted: number,
    isWanted: () => boolean
  ): Promise<RunLines | null> {
    const ask = (cursor: string | null, lacking: number) =>
      this.page(listing, { cursor, wanted: lacking });
    return readOn(ask, wanted, isWanted);
  }

  /** Those of the runs that are on a list, some at a time, each time with the ids that were asked for. */
  async *among(
    listing: IListing,
    ids: readonly string[]
  ): AsyncIterable<[readonly string[], readonly RunLine[]]> {
    for (const only of chunks(ids)) {
      yield [only, (await this.page(listing, { only })).items];
    }
  }

  /** Those of the runs that are there, some at a time, wherever they lie. */
  async *anywhere(
    ids: readonly string[]
  ): AsyncIterable<[readonly string[], readonly RunLine[]]> {
    for (const some of chunks(ids)) {
      const { items } = await this._connection.request('runs.lines', {
        ids: some.join(','),
        include_children: true,
        limit: BY_ID
      });
      yield [some, items];
    }
  }

  /**
   * The children of a run that are what is looked for, or have such below them; all of them where none is.
   *
   * @returns null when they are no longer waited for
   */
  async childrenOf(
    parent: string,
    { search, filter }: IQuery,
    isWanted: () => boolean
  ): Promise<RunLines | null> {
    const found = await this._childrenOf({ parent, search, filter }, isWanted);
    return found?.items.length === 0 && (search ?? filter) !== null
      ? this._childrenOf({ parent }, isWanted)
      : found;
  }

  private _childrenOf(
    asked: { parent: string; search?: string | null; filter?: string | null },
    isWanted: () => boolean
  ): Promise<RunLines | null> {
    const ask = (cursor: string | null) =>
      this._connection.request('runs.lines', {
        ...asked,
        limit: LARGE_PAGE,
        cursor
      });
    return readOn(ask, Infinity, isWanted);
  }
}

/** Read pages until so many lines are here, or all. */
async function readOn(
  ask: (cursor: string | null, lacking: number) => Promise<RunLines>,
  wanted: number,
  isWanted: () => boolean
): Promise<RunLines | null> {
  const items: RunLine[] = [];
  const for_those_below: string[] = [];
  let total: number | null = null;
  let next_cursor: string | null = null;
  do {
    const page: RunLines = await ask(next_cursor, wanted - items.length);
    if (!isWanted()) {
      return null;
    }
    total ??= page.total;
    items.push(...page.items);
    for_those_below.push(...page.for_those_below);
    next_cursor = page.next_cursor;
  } while (next_cursor !== null && items.length < wanted);
  return { items, total, next_cursor, for_those_below };
}

function* chunks(ids: readonly string[]): Iterable<readonly string[]> {
  for (let i = 0; i < ids.length; i += BY_ID) {
    yield ids.slice(i, i + BY_ID);
  }
}
