import { RunLine } from '../api';
import { Row } from './rows';
import { RunTree } from './tree';

/** Who is told of what is listed. */
export interface IListedEvents {
  /** Something that is shown changed. */
  readonly onChange: () => void;
  /** Runs were listed at the top level. */
  readonly onListed: () => void;
  /** Runs were left out of the lines that there were before. */
  readonly onDropped: (
    gone: ReadonlySet<string>,
    before: readonly Row[]
  ) => void;
}

/** What is listed: how far it was read, what came to it and went of it. It asks nobody. */
export class Listed {
  constructor(private readonly _events: IListedEvents) {}

  readonly tree = new RunTree();

  /** Counts the lists: what was asked for an earlier one is no longer of use. */
  get generation(): number {
    return this._generation;
  }

  /** Where to read on; null where all is read. */
  get next(): string | null {
    return this._next;
  }

  /** What was looked for to get this list. */
  get search(): string {
    return this._search;
  }

  /** How often something was done here that lists a run. */
  get acts(): number {
    return this._acts;
  }

  /** Forget everything: another list is wanted. */
  reset(): void {
    this._generation += 1;
    this.tree.clear();
    this.tree.narrowed = null;
    this._next = null;
  }

  /** Take in the beginning of another list, as far as `next`. */
  begin(search: string, runs: readonly RunLine[], next: string | null): void {
    this.tree.clearTop();
    this.tree.narrowed = null;
    this._search = search;
    this.takeOn(runs, next);
  }

  /**
   * Take in what the list has become, as far as `next`.
   *
   * @param before what was listed when it was asked for
   */
  takeAnew(
    runs: readonly RunLine[],
    next: string | null,
    before: readonly string[]
  ): void {
    const listed = new Set(runs.map(run => run.id));
    const oldest = next === null ? 0 : runs[runs.length - 1].number;
    this.drop(
      before.filter(
        id => !listed.has(id) && (this.tree.find(id)?.number ?? 0) >= oldest
      )
    );
    this.takeOn(runs, next);
  }

  /** Take in what follows, as far as `next`. */
  takeOn(runs: readonly RunLine[], next: string | null): void {
    this._next = next;
    this._merge(runs);
  }

  /** Take in what is listed or newer than the last line; older ones come when somebody goes there. */
  arrive(runs: readonly RunLine[]): void {
    const { tree } = this;
    const { top } = tree;
    const oldest = this._next === null ? 0 : (top[top.length - 1]?.number ?? 0);
    const before = top.length;
    this._merge(runs.filter(run => run.number >= oldest));
    if (tree.total !== null) {
      tree.total += tree.top.length - before;
    }
  }

  /** Replace a run by what is known of it now, wherever it is listed. */
  put(run: RunLine): void {
    this.tree.put(run);
    this._events.onChange();
  }

  /** List a run that was made by what was done here. */
  add(run: RunLine): void {
    this._acts += 1;
    this._added.set(run.id, this._acts);
    const { parent_id } = run;
    if (parent_id === null) {
      this.arrive([run]);
    } else if (this.tree.expanded.has(parent_id)) {
      const others = this.tree.childrenOf(parent_id);
      this.tree.setChildren(parent_id, [...others, run]);
      this._events.onChange();
    }
  }

  /** Whether a run was listed by what was done here after a question was asked: the answer may not know of it. */
  isNewer(id: string, since: number): boolean {
    return (this._added.get(id) ?? 0) > since;
  }

  /** Leave out runs and all below them. */
  drop(ids: readonly string[]): void {
    const { tree } = this;
    const known = ids.filter(id => tree.find(id) !== undefined);
    if (known.length === 0) {
      return;
    }
    const before = tree.rows;
    tree.drop(known);
    const gone = new Set(
      before.map(row => row.run.id).filter(id => !tree.find(id))
    );
    this._events.onDropped(gone, before);
    this._events.onChange();
  }

  private _merge(runs: readonly RunLine[]): void {
    this.tree.merge(runs);
    this._events.onListed();
    this._events.onChange();
  }

  private _acts = 0;
  /** When runs were listed by what was done here, by its number. */
  private _added = new Map<string, number>();
  private _generation = 0;
  private _next: string | null = null;
  private _search = '';
}
