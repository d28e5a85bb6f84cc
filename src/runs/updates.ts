import { IDisposable } from '@lumino/disposable';

import { Change } from '../api';
import { Coalescer } from '../model/coalescer';
import { Listed } from './listed';
import { parseQuery } from './query';
import { Questions } from './questions';
import { IWish, ListReader } from './reading';
import { hasEnded } from './status';

/** More changed runs than this are read with the whole list. */
const SINGLY = 200;

/** Keeps what is listed up with what changes, and reads what is listed beside it: children and pinned runs. */
export class ListUpdates implements IDisposable {
  /** @param onChange told when something that is shown changed */
  constructor(
    private readonly _wish: IWish,
    private readonly _listed: Listed,
    private readonly _list: ListReader,
    private readonly _questions: Questions,
    private readonly _onChange: () => void
  ) {}

  get isDisposed(): boolean {
    return this._reader.isDisposed;
  }

  dispose(): void {
    this._reader.dispose();
  }

  reset(): void {
    this._stale.clear();
  }

  /** Take in what changed in the workspace. */
  tell(changes: readonly Change[]): void {
    for (const { kind, subject } of changes) {
      // A run that is not listed does not come into the list because it logged something.
      if (
        kind === 'run' ||
        (kind === 'metric' && this._listed.tree.find(subject) !== undefined)
      ) {
        this._stale.add(subject);
      }
    }
    this._request();
    // An experiment that is archived, deleted or restored takes its runs with it.
    if (changes.some(change => change.kind === 'experiment')) {
      this._list.request();
    }
  }

  /** Read the runs that go on. */
  readLive(): void {
    for (const run of this._listed.tree.all()) {
      if (!hasEnded(run)) {
        this._stale.add(run.id);
      }
    }
    this._request();
  }

  /** Read the pinned runs that are not here. */
  async readPinned(): Promise<void> {
    const { tree } = this._listed;
    const unknown = tree.pinned.filter(id => !tree.find(id));
    if (this._wish.isAwake && unknown.length > 0) {
      await this._telling(() => this._readAnyway(unknown));
    }
  }

  /** Another list was begun: open runs that are there for what lies below them, and read what opened ones show now. */
  async readOpened(forThoseBelow: readonly string[]): Promise<void> {
    const { tree } = this._listed;
    tree.reveal(forThoseBelow);
    const shown = [...tree.expanded].filter(id => tree.indexOf(id) >= 0);
    await this._telling(() => this._readChildren(shown));
  }

  /** Read the children of a run that was opened. */
  async readChildren(id: string): Promise<void> {
    await this._telling(() => this._readChildren([id]));
  }

  private _request(): void {
    if (this._wish.isAwake && this._stale.size > 0) {
      this._reader.request();
    }
  }

  private async _telling(read: () => Promise<void>): Promise<void> {
    try {
      await read();
    } catch (error) {
      this._list.fail(error);
    }
  }

  /** Read what changed: those that changed, or the whole list where these are too many. */
  private async _readStale(): Promise<void> {
    if (!this._wish.isAwake) {
      return;
    }
    const { tree } = this._listed;
    const stale = [...this._stale];
    this._stale.clear();
    const apart = new Set(tree.pinned);
    const isAnyway = (id: string) =>
      apart.has(id) || (tree.find(id)?.parent_id ?? null) !== null;
    await this._telling(async () => {
      if (stale.length > SINGLY) {
        this._list.request();
        await this._readChildren([...tree.expanded]);
        return;
      }
      await this._readListed(stale.filter(id => !isAnyway(id)));
      await this._readAnyway(stale.filter(isAnyway));
      await this._readChildren(stale.filter(id => this._lacksChildren(id)));
    });
  }

  /** Read runs of the top level, and leave out those that are no longer what is looked for, or gone. */
  private async _readListed(ids: readonly string[]): Promise<void> {
    const listed = this._listed;
    const { generation, acts } = listed;
    const { search, listing } = this._wish;
    const answers = this._questions.among(listing, ids);
    for await (const [some, items] of answers) {
      if (
        generation !== listed.generation ||
        search !== this._wish.search ||
        this._list.isSearching
      ) {
        return;
      }
      const found = new Set(items.map(run => run.id));
      listed.drop(
        some.filter(id => !found.has(id) && !listed.isNewer(id, acts))
      );
      listed.arrive(items);
    }
  }

  /** Read runs that are listed whatever is looked for: children of opened ones, and pinned ones. */
  private async _readAnyway(ids: readonly string[]): Promise<void> {
    const listed = this._listed;
    const { generation } = listed;
    for await (const [some, items] of this._questions.anywhere(ids)) {
      if (generation !== listed.generation) {
        return;
      }
      const found = new Set(items.map(run => run.id));
      listed.drop(some.filter(id => !found.has(id)));
      items.forEach(run => listed.tree.know(run));
      this._onChange();
    }
  }

  private _lacksChildren(id: string): boolean {
    const { tree } = this._listed;
    const run = tree.find(id);
    return (
      run !== undefined &&
      tree.expanded.has(id) &&
      tree.childrenOf(id).length !== run.child_count
    );
  }

  private async _readChildren(parents: readonly string[]): Promise<void> {
    await Promise.all(parents.map(parent => this._readChildrenOf(parent)));
  }

  private async _readChildrenOf(parent: string): Promise<void> {
    const { generation, search, tree } = this._listed;
    // The parent may have gone meanwhile, and its children with it; or something else is looked for.
    const children = await this._questions.childrenOf(
      parent,
      parseQuery(search),
      () =>
        generation === this._listed.generation &&
        search === this._listed.search &&
        tree.find(parent) !== undefined
    );
    if (children !== null) {
      tree.setChildren(parent, children.items);
      this._onChange();
      await this._readChildren(tree.reveal(children.for_those_below));
    }
  }

  private _reader = new Coalescer(() => this._readStale(), 400);
  private _stale = new Set<string>();
}
