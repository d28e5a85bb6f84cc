import { ISignal, Signal } from '@lumino/signaling';
import { IDisposable } from '@lumino/disposable';

import { ApiError, Change } from '../api';
import { ILine, Terminal } from '../components/terminal';
import { Coalescer } from '../model/coalescer';
import { IWorkspaceConnection } from '../tokens';

/** So much of a log is read at a time, in bytes. */
const PIECE = 256 * 1024;
/** Of a longer log only the end is kept, in characters. */
const MOST = 8 * 1024 * 1024;

/**
 * A log of a run to read in: its end first, and what comes before piece by piece when it is asked for.
 */
export class LongLog implements IDisposable {
  constructor(
    private readonly _connection: IWorkspaceConnection,
    private readonly _run: string,
    readonly name: string
  ) {
    _connection.changed.connect(this._onChanges, this);
    _connection.stateChanged.connect(this._onState, this);
    this._reader.request();
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get lines(): readonly ILine[] {
    return this._terminal.lines;
  }

  get isLoaded(): boolean {
    return this._isLoaded;
  }

  get error(): ApiError | null {
    return this._error;
  }

  /** Bytes that come before what is shown. */
  get earlier(): number {
    return this._start;
  }

  /** Whether what comes before may be asked for. */
  get canReadEarlier(): boolean {
    return this._start > 0 && this._text.length < MOST;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._connection.changed.disconnect(this._onChanges, this);
    this._connection.stateChanged.disconnect(this._onState, this);
    this._reader.dispose();
    Signal.clearData(this);
  }

  /** Read the piece before what is shown. */
  async readEarlier(): Promise<void> {
    const end = this._start;
    const from = Math.max(0, end - PIECE);
    const text = await this._readRange(from, end);
    if (text !== null && end === this._start) {
      this._start = from;
      this._show(text + this._text);
    }
  }

  private async _readRange(from: number, end: number): Promise<string | null> {
    let text = '';
    let offset = from;
    while (offset < end) {
      const part = await this._ask(offset, end - offset);
      if (part === null) {
        return null;
      }
      if (part.next_offset <= offset) {
        break;
      }
      text += part.text;
      offset = part.next_offset;
    }
    return text;
  }

  private _onChanges(_: unknown, changes: readonly Change[]): void {
    const isMeant = (change: Change) =>
      change.subject === this._run &&
      (change.kind === 'log' || change.kind === 'run');
    if (changes.some(isMeant)) {
      this._reader.request();
    }
  }

  private _onState(): void {
    if (this._missed && this._connection.state === 'connected') {
      this._reader.request();
    }
  }

  private async _read(): Promise<void> {
    const isFirst = !this._isLoaded;
    const part = await this._ask(isFirst ? -PIECE : this._end, PIECE);
    if (part === null) {
      return;
    }
    const behind = part.size_bytes - part.next_offset;
    if (behind > MOST) {
      // It grows faster than it is read: go on from its end.
      this._isLoaded = false;
      this._text = '';
      this._reader.request();
      return;
    }
    if (isFirst) {
      const cut = part.size_bytes > PIECE;
      const from = part.next_offset - byteLength(part.text);
      this._start = cut ? Math.max(0, from) : 0;
    }
    this._isLoaded = true;
    this._end = part.next_offset;
    if (part.text !== '' && !isFirst && this._text.length < MOST) {
      this._text += part.text;
      this._terminal.write(part.text);
    } else if (part.text !== '' || isFirst) {
      this._keepEnd(this._text + part.text);
    }
    if (behind > 0 && part.text !== '') {
      this._reader.request();
    }
    this._changed.emit();
  }

  /** Show the end of a text that became too long to keep. */
  private _keepEnd(text: string): void {
    const cut = Math.max(0, text.length - MOST / 2);
    if (text.length <= MOST || cut === 0) {
      return this._show(text);
    }
    const from = text.indexOf('\n', cut) + 1;
    this._start += byteLength(text.slice(0, from));
    this._show(text.slice(from));
  }

  private _show(text: string): void {
    this._text = text;
    this._terminal = new Terminal();
    this._terminal.write(text);
    this._changed.emit();
  }

  private async _ask(offset: number, limit: number) {
    try {
      const part = await this._connection.request('logs.read', {
        run: this._run,
        name: this.name,
        offset,
        limit
      });
      this._missed = false;
      this._error = null;
      return this._isDisposed ? null : part;
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      this._missed = true;
      this._error = error.code === 'network' ? null : error;
      this._changed.emit();
      return null;
    }
  }

  private _changed = new Signal<this, void>(this);
  private _end = 0;
  private _error: ApiError | null = null;
  private _isDisposed = false;
  private _isLoaded = false;
  private _missed = false;
  private _reader = new Coalescer(() => this._read(), 200);
  private _start = 0;
  private _terminal = new Terminal();
  private _text = '';
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
