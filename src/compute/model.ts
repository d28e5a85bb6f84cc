import { Poll } from '@lumino/polling';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ApiError, Compute, ComputeLoad, ComputeQueue } from '../api';
import { ListModel } from '../model/list';
import { IWorkspaceConnection } from '../tokens';

/** As often as eyes follow a meter. */
const METERS = { backoff: true, interval: 2000, max: 10000 };
/** So long a switch can be taken back where it was made. */
const UNDO_MS = 10000;

/** A target, and who is on it and waits for it. */
interface ITarget {
  compute: Compute;
  queue: ComputeQueue | null;
}

/** A switch that somebody has just made. */
export interface ISwitched {
  name: string;
  paused: boolean;
}

/**
 * The compute targets of the workspace, their queues and meters. It sleeps until somebody looks: then lists follow the
 * changes, and meters the machine.
 */
export class ComputeModel implements IDisposable {
  constructor(private readonly _connection: IWorkspaceConnection) {
    this._list = new ListModel<ITarget>({
      connection: _connection,
      kinds: ['run', 'compute'],
      read: readTargets
    });
    this._list.changed.connect(this._onList, this);
    _connection.workspaceChanged.connect(this._reset, this);
    this._meters = new Poll({
      auto: false,
      factory: () => this._readLoads(),
      frequency: METERS,
      linger: 0,
      name: 'jupyter-mlws:meters',
      standby: 'when-hidden'
    });
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get targets(): readonly Compute[] {
    return this._list.items.map(({ compute }) => {
      const wish = this._wishes.get(compute.name);
      return wish === undefined ? compute : { ...compute, paused: wish };
    });
  }

  /** Whether the targets were read, so that none means that there is none. */
  get isLoaded(): boolean {
    return this._list.isLoaded;
  }

  /** Why the list, or a switch, did not work. */
  get error(): ApiError | null {
    return this._error ?? this._list.error;
  }

  /** The switch that can be taken back. */
  get switched(): ISwitched | null {
    return this._switched;
  }

  get active(): boolean {
    return this._list.active;
  }

  set active(active: boolean) {
    if (active === this._list.active) {
      return;
    }
    this._list.active = active;
    if (active) {
      void this._meters.start();
      void this._meters.refresh();
    } else {
      void this._meters.stop();
      this._loads.clear();
    }
  }

  queueOf(name: string): ComputeQueue | null {
    return this._list.items.find(it => it.compute.name === name)?.queue ?? null;
  }

  /** How busy its machine is; null where that is not known. */
  loadOf(name: string): ComputeLoad | null {
    return this._loads.get(name) ?? null;
  }

  /** Hold back what is queued for a target, or let it go on. It shows at once, and can be taken back. */
  async setPaused(name: string, paused: boolean): Promise<void> {
    this._error = null;
    this._wishes.set(name, paused);
    this._tellSwitch({ name, paused });
    try {
      const id = paused ? 'compute.pause' : 'compute.resume';
      await this._connection.request(id, { name });
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      this._error = error;
      this._tellSwitch(null);
    } finally {
      // The last of two quick switches counts; the list tells how it stands.
      if (this._wishes.get(name) === paused) {
        await this._list.read();
        this._wishes.delete(name);
      }
      this._changed.emit();
    }
  }

  async undo(): Promise<void> {
    const { _switched: last } = this;
    if (last) {
      await this.setPaused(last.name, !last.paused);
      this._tellSwitch(null);
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    clearTimeout(this._timer);
    this._connection.workspaceChanged.disconnect(this._reset, this);
    this._meters.dispose();
    this._list.dispose();
    Signal.clearData(this);
  }

  private _tellSwitch(switched: ISwitched | null): void {
    clearTimeout(this._timer);
    this._switched = switched;
    if (switched) {
      this._timer = setTimeout(() => this._tellSwitch(null), UNDO_MS);
    }
    this._changed.emit();
  }

  private _reset(): void {
    this._loads.clear();
    this._wishes.clear();
    this._error = null;
    this._tellSwitch(null);
  }

  private _onList(): void {
    // Targets that were not known when the meters were read last.
    const isMissing = this._list.items.some(
      ({ compute }) => compute.has_load && !this._loads.has(compute.name)
    );
    if (isMissing && this.active) {
      void this._meters.refresh();
    }
    this._changed.emit();
  }

  private async _readLoads(): Promise<void> {
    const workspace = this._connection.info?.id;
    const names = this._list.items
      .filter(({ compute }) => compute.has_load)
      .map(({ compute }) => compute.name);
    const loads = await Promise.all(
      names.map(name => this._connection.request('compute.load', { name }))
    );
    if (this.active && workspace === this._connection.info?.id) {
      this._loads = new Map(loads.map(load => [load.name, load]));
      this._changed.emit();
    }
  }

  private _changed = new Signal<this, void>(this);
  private _error: ApiError | null = null;
  private _isDisposed = false;
  private _list: ListModel<ITarget>;
  private _loads = new Map<string, ComputeLoad>();
  private _meters: Poll;
  private _switched: ISwitched | null = null;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  /** Switches on their way. */
  private _wishes = new Map<string, boolean>();
}

async function readTargets(
  connection: IWorkspaceConnection
): Promise<readonly ITarget[]> {
  const { items } = await connection.request('compute.list', {});
  return Promise.all(
    items.map(async compute => {
      const isBusy = compute.running + compute.queued > 0;
      const queue = isBusy
        ? await connection.request('compute.queue', { name: compute.name })
        : null;
      return { compute, queue };
    })
  );
}
