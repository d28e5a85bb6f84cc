import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ApiError, OUTLIVES, RunUpdate } from '../api';
import { RunDetailModel } from '../runs/detail';
import { IWorkspaceConnection } from '../tokens';
import { onLeave } from './leaving';

/** The note as somebody types it. */
interface IDraft {
  readonly text: string;
  /** What the run's note was when the typing began, or when it was saved last. */
  readonly base: string;
}

type Tags = Readonly<Record<string, string>>;

/**
 * What a person changes about a run: its note and its tags. It is seen at once and saved behind it. What was typed is
 * overwritten by nothing that comes from the server, and is sent again when a lost connection or workspace is back.
 */
export class RunEdits implements IDisposable {
  constructor(
    private readonly _connection: IWorkspaceConnection,
    private readonly _detail: RunDetailModel
  ) {
    _connection.stateChanged.connect(this._onState, this);
    _detail.changed.connect(this._onDetail, this);
    this._leaving = onLeave(
      () => void this.saveNote(),
      () => this._wouldBeLost
    );
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** The note as it is typed, else as it is kept. */
  get note(): string {
    return this._draft?.text ?? this._kept;
  }

  /** Whether the note differs from what is kept of it. */
  get isTyped(): boolean {
    return this._draft !== null;
  }

  /** Whether something is on its way to the server. */
  get isSaving(): boolean {
    return this._saving > 0;
  }

  /** What somebody else made of the note since the typing began; null where nobody did. */
  get theirs(): string | null {
    const draft = this._draft;
    return draft !== null && this._kept !== draft.base ? this._kept : null;
  }

  /** Why the last change was not kept. */
  get error(): ApiError | null {
    return this._error;
  }

  /** What was to be changed when it was not kept. */
  get refused(): 'note' | 'tag' | null {
    if (this._error === null || this.waits) {
      return null;
    }
    return this._change?.tags ? 'tag' : 'note';
  }

  /** Whether server or workspace were away: what was changed is sent when they are back. */
  get waits(): boolean {
    return this._error !== null && this._wasAway;
  }

  /** The tags, those that are on their way included. */
  get tags(): Tags {
    const tags = { ...this._detail.run?.tags };
    for (const [name, value] of this._tags) {
      if (value === null) {
        delete tags[name];
      } else {
        tags[name] = value;
      }
    }
    return tags;
  }

  /** Save what was typed last, and end. */
  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    void this.saveNote();
    this._isDisposed = true;
    this._leaving.dispose();
    this._connection.stateChanged.disconnect(this._onState, this);
    this._detail.changed.disconnect(this._onDetail, this);
    Signal.clearData(this);
  }

  /** Take in what is typed as the note. */
  typeNote(text: string): void {
    const base = this._draft?.base ?? this._kept;
    this._draft = text === base && text === this._kept ? null : { text, base };
    this._emit();
  }

  /** Forget what was typed: the note is again what is kept of it. */
  dropNote(): void {
    this._draft = null;
    this._error = null;
    this._emit();
  }

  /** Keep the note as it was typed. */
  async saveNote(): Promise<void> {
    const draft = this._draft;
    if (draft === null || draft.text === this._sent) {
      return;
    }
    const { text } = draft;
    this._sent = text;
    const kept = await this._save({ description: text });
    this._sent = null;
    if (kept && this._draft !== null) {
      // More may have been typed meanwhile.
      const rest = this._draft.text;
      this._draft = rest === text ? null : { text: rest, base: text };
    }
    this._emit();
  }

  /**
   * Give the run a tag, or the tag another value; null takes it away.
   *
   * @returns whether it was not refused
   */
  async setTag(name: string, value: string | null): Promise<boolean> {
    this._tags.set(name, value);
    this._emit();
    const kept = await this._save({ tags: { [name]: value } });
    const waits = !kept && this.waits;
    if (!waits && this._tags.get(name) === value) {
      this._tags.delete(name);
    }
    this._emit();
    return kept || waits;
  }

  /** Whether something cannot be sent while the page is being closed. */
  private get _wouldBeLost(): boolean {
    if (this.waits || !this.isTyped) {
      return this.waits;
    }
    const change: RunUpdate = { description: this.note };
    return (
      this._connection.state !== 'connected' ||
      JSON.stringify(change).length > OUTLIVES
    );
  }

  private get _kept(): string {
    return this._detail.run?.description ?? '';
  }

  private async _save(change: RunUpdate): Promise<boolean> {
    this._saving += 1;
    this._error = null;
    this._change = change;
    this._emit();
    try {
      await this._detail.update(change);
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      // Whether it is the run that refuses or nothing of the workspace can be read, only a look at that tells.
      await this._connection.reread();
      this._error = error;
      this._wasAway =
        error.code === 'network' || this._connection.state !== 'connected';
      return false;
    } finally {
      this._saving -= 1;
    }
  }

  private _onState(): void {
    if (this._connection.state === 'connected' && this.waits) {
      this._error = null;
      void this.saveNote();
      for (const [name, value] of [...this._tags]) {
        void this.setTag(name, value);
      }
    }
  }

  private _onDetail(): void {
    this._emit();
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _change: RunUpdate | null = null;
  private _changed = new Signal<this, void>(this);
  private _draft: IDraft | null = null;
  private _error: ApiError | null = null;
  private _isDisposed = false;
  private _leaving: IDisposable;
  private _saving = 0;
  private _sent: string | null = null;
  private _tags = new Map<string, string | null>();
  private _wasAway = false;
}

/** A tag as it is typed: `name`, `name: value` or `name=value`; null where it has no name. */
export function readTag(text: string): readonly [string, string] | null {
  const found = /^([^:=]+?)\s*(?:[:=]\s*(.*))?$/s.exec(text.trim());
  return found ? [found[1], found[2] ?? ''] : null;
}
