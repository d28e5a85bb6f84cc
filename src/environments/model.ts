import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import {
  ApiError,
  BuiltEnvironment,
  CURATED,
  Environment,
  EnvironmentLock,
  KERNEL
} from '../api';
import { ListModel } from '../model/list';
import { IWorkspaceConnection } from '../tokens';
import { idOf } from './packages';

/** A page of versions is this long at most; older ones are found by the command line. */
const LIMIT = 500;

/** An environment by its name. */
export interface IEnvironmentEntry {
  readonly name: string;
  /** Newest first; none of one that is shipped and was not used yet. */
  readonly versions: readonly Environment[];
  /** Whether it comes with the package. */
  readonly shipped: boolean;
  /** Whether nobody made it: it records what a kernel had installed when it submitted. */
  readonly recorded: boolean;
  /** What lies built of it on the server's machine, by `name:version`. */
  readonly built: ReadonlyMap<string, BuiltEnvironment>;
}

/** The environments of the workspace by name, those that are shipped last. */
export function createEnvironmentList(
  connection: IWorkspaceConnection
): ListModel<IEnvironmentEntry> {
  return new ListModel<IEnvironmentEntry>({
    connection,
    // Runs build environments.
    kinds: ['environment', 'run'],
    read: async it => {
      const [page, built] = await Promise.all([
        it.request('environments.list', { limit: LIMIT }),
        it.request('environments.built', {})
      ]);
      return groupByName(page.items, built.items);
    }
  });
}

/** Versions under their names; shipped names are there even without a version. */
export function groupByName(
  versions: readonly Environment[],
  built: readonly BuiltEnvironment[]
): IEnvironmentEntry[] {
  const there = new Map(
    built.flatMap(it => it.versions.map(id => [id, it] as const))
  );
  const groups = new Map<string, Environment[]>();
  for (const name of CURATED) {
    groups.set(name, []);
  }
  for (const version of versions) {
    groups.set(version.name, [...(groups.get(version.name) ?? []), version]);
  }
  return [...groups]
    .map(([name, list]) => ({
      name,
      versions: [...list].sort((a, b) => b.version - a.version),
      shipped: CURATED.includes(name),
      recorded: name === KERNEL,
      built: there
    }))
    .sort((a, b) => rankOf(a) - rankOf(b) || (a.name < b.name ? -1 : 1));
}

/** Those that somebody made come first. */
function rankOf(entry: IEnvironmentEntry): number {
  return entry.shipped ? 2 : entry.recorded ? 1 : 0;
}

/** What is known of a version's exact packages. */
export interface ILocks {
  /** Null until they were read. */
  readonly locks: readonly EnvironmentLock[] | null;
  readonly error: ApiError | null;
  readonly busy: boolean;
}

const UNKNOWN: ILocks = { locks: null, error: null, busy: false };

/**
 * The exact packages of versions, read when somebody looks. A lock that is made never changes.
 */
export class LocksModel implements IDisposable {
  constructor(private readonly _connection: IWorkspaceConnection) {
    _connection.workspaceChanged.connect(this._reset, this);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._connection.workspaceChanged.disconnect(this._reset, this);
      Signal.clearData(this);
    }
  }

  get(environment: IVersion): ILocks {
    return this._known.get(idOf(environment)) ?? UNKNOWN;
  }

  /** Read what a version is resolved to, unless it is known. */
  async read(environment: IVersion): Promise<void> {
    if ((this.get(environment).locks?.length ?? 0) === 0) {
      await this._do(environment, async ({ name, version }) => {
        const page = await this._connection.request('environments.locks', {
          name,
          version
        });
        return page.items.length === 0 && name === KERNEL
          ? [await this._recorded(environment)]
          : page.items;
      });
    }
  }

  /** Resolve a version for the server's machine. */
  async resolve(environment: IVersion): Promise<void> {
    await this._do(environment, async ({ name, version }) => [
      await this._connection.request('environments.lock', { name, version })
    ]);
  }

  /** What a kernel had installed is exact as it is. */
  private async _recorded({
    name,
    version
  }: IVersion): Promise<EnvironmentLock> {
    const { spec } = await this._connection.request('environments.get', {
      name,
      version
    });
    const text = spec.packages.join('\n');
    return { system: '', python: spec.python, digest: '', text };
  }

  private async _do(
    environment: IVersion,
    read: (environment: IVersion) => Promise<readonly EnvironmentLock[]>
  ): Promise<void> {
    const id = idOf(environment);
    const before = this.get(environment);
    if (before.busy) {
      return;
    }
    const known = this._known;
    this._put(id, { ...before, error: null, busy: true });
    try {
      const locks = await read(environment);
      if (known === this._known) {
        this._put(id, { locks, error: null, busy: false });
      }
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      if (known === this._known) {
        this._put(id, { locks: before.locks, error, busy: false });
      }
    }
  }

  private _put(id: string, state: ILocks): void {
    this._known.set(id, state);
    this._changed.emit();
  }

  private _reset(): void {
    this._known = new Map();
    this._changed.emit();
  }

  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
  private _known = new Map<string, ILocks>();
}

/** What names a version. */
export interface IVersion {
  readonly name: string;
  readonly version: number;
}
