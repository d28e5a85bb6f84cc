import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { Coalescer } from '../model/coalescer';

/** A run, and the workspace that it is in. */
export interface IRunRef {
  readonly workspace: string;
  readonly run: string;
}

/** Something that points at a run: the list's selection, the active cell. */
export interface IRunSource {
  /** Null while it points at none. */
  readonly ref: IRunRef | null;
  readonly changed: ISignal<unknown, unknown>;
}

/** Going through a list by the keyboard reads at most so many runs: one each of these milliseconds. */
const CALM = 200;

/**
 * Which run is looked at: the one that was pointed at last, until it is pinned. While somebody types about a run, it
 * stays.
 */
export class FollowedRun implements IDisposable {
  /**
   * @param selection what is selected; nothing, when it selects nothing
   * @param cell what the active cell shows; a cell without a run changes nothing
   */
  constructor(
    private readonly _selection: IRunSource,
    private readonly _cell: IRunSource
  ) {
    _selection.changed.connect(this._onSelection, this);
    _cell.changed.connect(this._onCell, this);
    this._wanted = _selection.ref ?? _cell.ref;
    this._ref = this._wanted;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get ref(): IRunRef | null {
    return this._ref;
  }

  get isPinned(): boolean {
    return this._isPinned;
  }

  /** Keep the run that is shown, or follow again, from the run that is pointed at now. */
  set isPinned(pinned: boolean) {
    if (pinned !== this._isPinned) {
      this._isPinned = pinned;
      this._changed.emit();
      this._follower.request();
    }
  }

  /** Whether somebody types about the run. */
  set isTyping(typing: boolean) {
    this._isTyping = typing;
    this._follower.request();
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._selection.changed.disconnect(this._onSelection, this);
      this._cell.changed.disconnect(this._onCell, this);
      this._follower.dispose();
      Signal.clearData(this);
    }
  }

  /** Look at a run, whatever is pointed at; one that was pinned gives way to it. */
  show(ref: IRunRef, pinned = this._isPinned): void {
    this._wanted = ref;
    this._ref = ref;
    this._isPinned = pinned;
    this._changed.emit();
  }

  private _onSelection(): void {
    this._want(this._selection.ref ?? this._cell.ref);
  }

  private _onCell(): void {
    this._want(this._cell.ref ?? this._wanted);
  }

  private _want(ref: IRunRef | null): void {
    this._wanted = ref;
    this._follower.request();
  }

  private async _follow(): Promise<void> {
    if (
      !this._isPinned &&
      !this._isTyping &&
      !isSame(this._ref, this._wanted)
    ) {
      this._ref = this._wanted;
      this._changed.emit();
    }
  }

  private _changed = new Signal<this, void>(this);
  private _follower = new Coalescer(() => this._follow(), CALM);
  private _isDisposed = false;
  private _isPinned = false;
  private _isTyping = false;
  private _ref: IRunRef | null;
  private _wanted: IRunRef | null;
}

export function isSame(a: IRunRef | null, b: IRunRef | null): boolean {
  return a?.workspace === b?.workspace && a?.run === b?.run;
}
