import { ServerConnection } from '@jupyterlab/services';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ISignal, Signal } from '@lumino/signaling';

/** Which runs a person keeps on top of the list, by workspace. */
export interface IPins {
  readonly changed: ISignal<IPins, void>;
  /** Ids of the pinned runs of a workspace, the first pinned first. */
  of(workspace: string): readonly string[];
  set(workspace: string, runs: readonly string[]): void;
}

/** Where they are kept: a file of the user's settings. */
export const PINS = 'jupyter-mlws:pins';
const KEY = 'runs';
/** The oldest go: this is a place for what one works with. */
const MOST = 50;

type Pinned = Readonly<Record<string, readonly string[]>>;

/** What a person did here, and no settings file says yet. */
interface IEdit {
  readonly workspace: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/**
 * Pins in the settings of the user, so that they are there again in every browser and window. Windows tell each other
 * when there is something new, and what is done in one of them takes nothing away from what was done in another.
 */
export class Pins implements IPins {
  /**
   * @param window whose other windows are told; without one, nobody is
   * @param onRefused told once when the server does not write what is pinned
   */
  constructor(
    private readonly _window: Window | null = null,
    private readonly _onRefused = () => undefined as void
  ) {}

  /** Begin to follow the settings; until these are here, nothing is pinned. */
  async follow(
    registry: Pick<ISettingRegistry, 'load' | 'reload'>
  ): Promise<void> {
    const settings = await registry.load(PINS);
    this._settings = settings;
    this._registry = registry;
    settings.changed.connect(this._read, this);
    this._read();
    this._listen();
    this._save();
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  of(workspace: string): readonly string[] {
    return this._all[workspace] ?? [];
  }

  set(workspace: string, runs: readonly string[]): void {
    const before = this.of(workspace);
    const edit = {
      workspace,
      added: runs.filter(run => !before.includes(run)),
      removed: before.filter(run => !runs.includes(run))
    };
    this._edits = [...this._edits, edit];
    this._all = edited(this._all, [edit]);
    this._changed.emit();
    this._save();
  }

  private _read(): void {
    this._all = edited(pinsOf(this._settings?.composite[KEY]), this._edits);
    this._changed.emit();
  }

  private _listen(): void {
    if (this._window === null) {
      return;
    }
    if (typeof BroadcastChannel !== 'undefined') {
      this._channel = new BroadcastChannel(PINS);
      this._channel.onmessage = () => this._reload();
    }
    // What was pinned in another browser.
    const { document } = this._window;
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') {
        this._reload();
      }
    });
  }

  /** Read the file again, after what is just being written: an answer from before that would take it back. */
  private _reload(): void {
    this._saving = this._saving.then(async () => {
      // Whoever cannot be asked now is asked with the next news.
      await this._registry?.reload(PINS).catch(() => undefined);
    });
    this._save();
  }

  /** Write what is not written yet into what the file says by now; one after another. */
  private _save(): void {
    this._saving = this._saving.then(async () => {
      const edits = this._edits;
      if (!this._registry || !this._settings || edits.length === 0) {
        return;
      }
      try {
        const fresh = await this._registry.reload(PINS);
        const all = edited(pinsOf(fresh.composite[KEY]), edits);
        await this._settings.set(KEY, all as never);
      } catch (error) {
        // Where nobody answered, it goes with what is pinned next, or when somebody comes back to the window.
        if (error instanceof ServerConnection.ResponseError) {
          this._refuse();
        }
        return;
      }
      this._edits = this._edits.filter(it => !edits.includes(it));
      this._channel?.postMessage(null);
    });
  }

  private _refuse(): void {
    if (!this._isRefused) {
      this._isRefused = true;
      this._onRefused();
    }
  }

  private _all: Pinned = {};
  private _changed = new Signal<this, void>(this);
  private _channel: BroadcastChannel | null = null;
  private _edits: readonly IEdit[] = [];
  private _isRefused = false;
  private _registry: Pick<ISettingRegistry, 'reload'> | null = null;
  private _saving = Promise.resolve();
  private _settings: ISettingRegistry.ISettings | null = null;
}

/** Pins after some edits, which may be in them already. */
function edited(all: Pinned, edits: readonly IEdit[]): Pinned {
  const found = new Map(Object.entries(all));
  for (const { workspace, added, removed } of edits) {
    const kept = (found.get(workspace) ?? []).filter(
      run => !removed.includes(run)
    );
    const runs = [...kept, ...added.filter(run => !kept.includes(run))];
    found.delete(workspace);
    if (runs.length > 0) {
      found.set(workspace, runs.slice(-MOST));
    }
  }
  return Object.fromEntries(found);
}

/** What a settings file says, as far as it makes sense: anybody may have written into it. */
function pinsOf(value: unknown): Pinned {
  const found = Object.entries(Object(value)).map(([workspace, runs]) => [
    workspace,
    Array.isArray(runs) ? runs.filter(run => typeof run === 'string') : []
  ]);
  return Object.fromEntries(found);
}
