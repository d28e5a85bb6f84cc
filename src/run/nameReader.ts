import { Run } from '../api';
import { IWorkspaceConnection } from '../tokens';

/** So many names of a run are listed; of more the others are searched for. */
export const LISTED = 5000;
/** So many are found at once. */
const FOUND = 200;
/** So many names come with an answer. */
const PAGE = 1000;
/** So many runs are asked when names are searched for; runs that are looked at together log the same, mostly. */
const ASKED = 8;

/** Of very many metrics some are listed. */
export interface ICutNames {
  readonly listed: number;
  readonly total: number;
}

/** The names of a part of a run's metrics, as far as they are here. */
interface IKnown {
  readonly names: readonly string[];
  /** How many the run has. */
  readonly total: number;
}

const NOTHING: IKnown = { names: [], total: 0 };

/**
 * Reads names of metrics that the record of a run has no room for. Of a hundred thousand the first ones are listed, and
 * the server finds the others.
 */
export class NameReader {
  constructor(private readonly _connection: IWorkspaceConnection) {}

  /** What is known of other runs is of no use any more. */
  forget(): void {
    this._known.clear();
  }

  /** How many metrics of the run that has the most are listed; null where all are of all these runs. */
  cutOf(runs: readonly string[]): ICutNames | null {
    const [most] = runs
      .filter(run => this._isCut(run))
      .map(run => this._known.get(run)!)
      .sort((a, b) => b.total - a.total);
    return most ? { listed: most.names.length, total: most.total } : null;
  }

  /**
   * Names of what a run logged, where its record has some only, and of what its machine did.
   *
   * @param isCut whether the record of the run may have some only
   * @throws ApiError
   */
  async read(run: Run, isCut: boolean): Promise<readonly string[]> {
    const own = isCut ? await this._readPart(run.id, false) : NOTHING;
    const system = await this._readPart(run.id, true);
    return [...own.names, ...system.names];
  }

  /**
   * Names that have all words of a query, of runs of which not all names are listed.
   *
   * @throws ApiError
   */
  async find(
    runs: readonly string[],
    query: string
  ): Promise<{ names: string[]; isMore: boolean }> {
    const pages = await Promise.all(
      runs
        .filter(run => this._isCut(run))
        .slice(0, ASKED)
        .map(run =>
          this._connection.request('metrics.names', {
            run,
            search: query,
            limit: FOUND
          })
        )
    );
    return {
      names: pages.flatMap(it => it.items),
      isMore: pages.some(it => it.next_cursor !== null)
    };
  }

  private _isCut(run: string): boolean {
    const { names, total } = this._known.get(run) ?? NOTHING;
    return names.length < total;
  }

  /** Nobody logs a name away, so where there are as many as before they are the same. */
  private async _readPart(run: string, system: boolean): Promise<IKnown> {
    const key = system ? `${run} system` : run;
    const known = this._known.get(key) ?? NOTHING;
    const isRead = known.names.length > 0;
    let page = await this._connection.request('metrics.names', {
      run,
      limit: isRead ? 1 : PAGE,
      system
    });
    if (isRead && page.total === known.total) {
      return known;
    }
    if (isRead) {
      this._known.delete(key);
      return this._readPart(run, system);
    }
    const names = [...page.items];
    while (page.next_cursor !== null && names.length < LISTED) {
      const cursor: string = page.next_cursor;
      page = await this._connection.request('metrics.names', {
        run,
        limit: PAGE,
        cursor,
        system
      });
      names.push(...page.items);
    }
    const read = { names, total: page.total };
    this._known.set(key, read);
    return read;
  }

  private _known = new Map<string, IKnown>();
}
