import { RunLine } from '../api';
import { IQuery, matches } from './query';
import { PAGE } from './questions';
import { buildRows, IGroup, groupsOf, Row } from './rows';

/** So many runs are opened by themselves; whoever finds more looks into them as he likes. */
const MOST_REVEALED = 10;

/**
 * The runs that are listed, as far as they are read: at the top level newest first, below opened ones their children.
 * It knows each run once, by its newest state.
 */
export class RunTree {
  /** Runs at the top level, newest first. */
  get top(): readonly RunLine[] {
    return this._top;
  }

  /** Ids of opened runs. */
  get expanded(): ReadonlySet<string> {
    return this._opened.size === 0
      ? this._expanded
      : new Set([...this._expanded, ...this._opened]);
  }

  /** How many runs there are at the top level, read or not; null where nobody knows. */
  get total(): number | null {
    return this._total;
  }

  set total(total: number | null) {
    this._total = total;
    this._rows = null;
  }

  /** What is looked for, until the list of it is here: of what is known that is shown, as far as an answer goes. */
  set narrowed(query: IQuery | null) {
    this._narrowed = query;
    this._changeAll();
  }

  /** In whose name the list is looked at. */
  set user(user: string) {
    if (user !== this._user) {
      this._user = user;
      this._rows = null;
    }
  }

  /** Ids of the runs that stay on top; those whose record is not here are left out. */
  set pinned(ids: readonly string[]) {
    this._pinned = ids;
    this._changeAll();
  }

  get pinned(): readonly string[] {
    return this._pinned;
  }

  /** The lines, from the top. */
  get rows(): readonly Row[] {
    if (this._rows === null) {
      this._rows = this._build();
      this._indexes = null;
    }
    return this._rows;
  }

  /** Index of the line of a run, -1 where it has none. */
  indexOf(id: string | null): number {
    const { rows } = this;
    if (this._indexes === null) {
      this._indexes = new Map(rows.map((row, i) => [row.run.id, i]));
    }
    return id === null ? -1 : (this._indexes.get(id) ?? -1);
  }

  /** A run, in sight or not. */
  find(id: string): RunLine | undefined {
    return this._runs.get(id);
  }

  /** All runs that are known here. */
  all(): IterableIterator<RunLine> {
    return this._runs.values();
  }

  childrenOf(id: string): readonly RunLine[] {
    return this._children.get(id) ?? [];
  }

  /** Forget everything but the pins. */
  clear(): void {
    this._runs.clear();
    this._seen.clear();
    this._seenDown = null;
    this._children.clear();
    this._expanded.clear();
    this.clearTop();
  }

  /** Forget what is listed at the top level; what somebody opened stays so where it comes again. */
  clearTop(): void {
    this._opened.clear();
    this._top = [];
    this._ids = null;
    this._total = null;
    this._changeAll();
  }

  open(id: string): void {
    this._expanded.add(id);
    this._rows = null;
  }

  close(id: string): void {
    this._expanded.delete(id);
    this._opened.delete(id);
    this._rows = null;
  }

  /**
   * Open runs that are listed for what was found below them, the first few, until something else is looked for.
   *
   * @returns those that were opened
   */
  reveal(ids: readonly string[]): readonly string[] {
    const closed = ids.filter(id => !this.expanded.has(id));
    const some = closed.slice(0, MOST_REVEALED - this._opened.size);
    if (some.length > 0) {
      some.forEach(id => this._opened.add(id));
      this._rows = null;
    }
    return some;
  }

  /** List runs at the top level; never an older state of one in place of a newer. */
  merge(runs: readonly RunLine[]): void {
    const fresh = runs.filter(run => !this.put(run) || !this._isTop(run));
    if (fresh.length === 0) {
      return;
    }
    for (const run of fresh) {
      if (!this._runs.has(run.id)) {
        this._runs.set(run.id, run);
      }
      this._seen.set(run.id, run.number);
    }
    this._seenDown = null;
    const top = new Map(this._top.map(run => [run.id, run]));
    for (const { id } of fresh) {
      top.set(id, this._runs.get(id)!);
    }
    this._top = [...top.values()].sort((a, b) => b.number - a.number);
    this._ids = null;
    this._changeAll();
  }

  /** Know a run that is not listed at the top level, such as a pinned one. */
  know(run: RunLine): void {
    if (!this.put(run)) {
      this._runs.set(run.id, run);
      this._changeAll();
    }
  }

  /**
   * Take in what is known of a run now.
   *
   * @returns whether it was known before
   */
  put(run: RunLine): boolean {
    const old = this._runs.get(run.id);
    if (old === undefined) {
      return false;
    }
    if (old.status_sequence > run.status_sequence) {
      return true;
    }
    this._runs.set(run.id, run);
    const list =
      run.parent_id === null ? this._top : this._children.get(run.parent_id);
    if (list) {
      const at = list.indexOf(old);
      if (at >= 0) {
        (list as RunLine[])[at] = run;
      }
    }
    if (!looksLike(old, run)) {
      this._changeAll();
    } else if (this._rows !== null) {
      const at = this.indexOf(run.id);
      if (at >= 0) {
        const rows = this._rows.slice();
        rows[at] = rows[at].of(run);
        this._rows = rows;
      }
    }
    return true;
  }

  /** List all children of a run, by their number. */
  setChildren(id: string, runs: readonly RunLine[]): void {
    const before = this._children.get(id) ?? [];
    const ids = new Set(runs.map(run => run.id));
    for (const gone of before.filter(run => !ids.has(run.id))) {
      this._runs.delete(gone.id);
    }
    for (const run of runs) {
      const old = this._runs.get(run.id);
      if (!old || old.status_sequence <= run.status_sequence) {
        this._runs.set(run.id, run);
      }
    }
    this._children.set(
      id,
      runs
        .map(run => this._runs.get(run.id)!)
        .sort((a, b) => a.number - b.number)
    );
    this._changeAll();
  }

  /** Leave out runs and all that is below them. */
  drop(ids: Iterable<string>): void {
    const gone = new Set<string>();
    const add = (id: string) => {
      gone.add(id);
      this.childrenOf(id).forEach(child => add(child.id));
    };
    for (const id of ids) {
      add(id);
    }
    const stays = (run: RunLine) => !gone.has(run.id);
    const before = this._top.length;
    this._top = this._top.filter(stays);
    this._ids = null;
    if (this._total !== null) {
      this._total -= before - this._top.length;
    }
    this._children.forEach((list, parent) => {
      this._children.set(parent, list.filter(stays));
    });
    this._seenDown = null;
    for (const id of gone) {
      this._runs.delete(id);
      this._seen.delete(id);
      this._children.delete(id);
      this._expanded.delete(id);
      this._opened.delete(id);
    }
    this._changeAll();
  }

  private _isTop(run: RunLine): boolean {
    return this._topIds.has(run.id);
  }

  private get _topIds(): ReadonlySet<string> {
    if (this._ids === null) {
      this._ids = new Set(this._top.map(run => run.id));
    }
    return this._ids;
  }

  private _build(): Row[] {
    const pinned = this._pinned
      .map(id => this._runs.get(id))
      .filter(run => run !== undefined) as RunLine[];
    const apart = new Set(pinned.map(run => run.id));
    const others = (runs: readonly RunLine[]) =>
      apart.size > 0 ? runs.filter(run => !apart.has(run.id)) : runs;
    const beside = pinned.filter(run => !this._isTop(run)).length;
    return buildRows(
      {
        pinned,
        runs: others(this._narrowed ? this._look(this._narrowed) : this._top),
        childrenOf: id => others(this.childrenOf(id)),
        expanded: this.expanded,
        total: this._narrowed ? 0 : (this._total ?? this._top.length) + beside,
        user: this._user
      },
      (runs, parent) => this._groupsOf(runs, parent)
    );
  }

  /** Of all that was listed at the top level so far, whatever was looked for, what a query finds. */
  private _look(query: IQuery): readonly RunLine[] {
    this._seenDown ??= [...this._seen.entries()]
      .sort((a, b) => b[1] - a[1])
      .map(([id]) => id);
    const found: RunLine[] = [];
    for (const id of this._seenDown) {
      const run = this._runs.get(id);
      if (run !== undefined && matches(run, query)) {
        found.push(run);
        if (found.length === PAGE) {
          break;
        }
      }
    }
    return found;
  }

  /** What is beside one another changes less often than what is open. */
  private _groupsOf(
    runs: readonly RunLine[],
    parent: string
  ): ReadonlyMap<string, IGroup> {
    const known = this._groups.get(parent);
    if (known) {
      return known;
    }
    const groups = groupsOf(runs);
    this._groups.set(parent, groups);
    return groups;
  }

  private _changeAll(): void {
    this._groups.clear();
    this._rows = null;
  }

  private _children = new Map<string, readonly RunLine[]>();
  private _expanded = new Set<string>();
  private _groups = new Map<string, ReadonlyMap<string, IGroup>>();
  private _ids: ReadonlySet<string> | null = null;
  private _indexes: ReadonlyMap<string, number> | null = null;
  private _narrowed: IQuery | null = null;
  /** Ids of the runs that are open for what was found below them. */
  private _opened = new Set<string>();
  private _pinned: readonly string[] = [];
  private _rows: readonly Row[] | null = null;
  private _runs = new Map<string, RunLine>();
  /** Numbers of the runs that were listed at the top level since this was cleared, by their ids. */
  private _seen = new Map<string, number>();
  /** Their ids, the newest first. */
  private _seenDown: readonly string[] | null = null;
  private _top: readonly RunLine[] = [];
  private _total: number | null = null;
  private _user = '';
}

/** Whether a change of a run leaves its neighbours' lines, and its place among them, as they are. */
function looksLike(old: RunLine, run: RunLine): boolean {
  const names = Object.keys(run.params);
  return (
    old.child_count === run.child_count &&
    old.parent_id === run.parent_id &&
    old.metrics.length === run.metrics.length &&
    old.metrics.every((metric, i) => metric.name === run.metrics[i].name) &&
    names.length === Object.keys(old.params).length &&
    names.every(name => old.params[name] === run.params[name])
  );
}
