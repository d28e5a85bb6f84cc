import { IWorkspaceConnection } from '../tokens';

/** So much of a log's end is shown, in bytes as read and in characters as kept. */
export const LOG_TAIL = 32768;

/**
 * The end of one log of a run: only what is new is read.
 */
export class LogTail {
  /**
   * @param again asks for another read, soon
   */
  constructor(
    private readonly _connection: IWorkspaceConnection,
    private readonly _name: string,
    private readonly _again: () => void
  ) {}

  /** The end as it came, terminal escapes and all. */
  get text(): string {
    return this._text;
  }

  /** Whether there is more than is kept. */
  get isCut(): boolean {
    return this._isCut;
  }

  /** Forget what was read: another run is in front. */
  reset(): void {
    this._generation += 1;
    this._text = '';
    this._isCut = false;
    this._offset = -LOG_TAIL;
  }

  /**
   * Read what was added.
   *
   * @returns whether the text changed
   * @throws ApiError
   */
  async read(run: string): Promise<boolean> {
    const generation = this._generation;
    const part = await this._connection.request('logs.read', {
      run,
      name: this._name,
      offset: this._offset,
      limit: LOG_TAIL
    });
    if (generation !== this._generation) {
      return false;
    }
    if (part.size_bytes - part.next_offset > LOG_TAIL) {
      // It grows faster than it is read: go to its end instead of following from ever farther behind.
      this._offset = -LOG_TAIL;
      this._text = '';
      this._again();
      return false;
    }
    if (this._offset < 0) {
      this._isCut = part.size_bytes > LOG_TAIL;
    }
    this._offset = part.next_offset;
    const text = this._text + part.text;
    this._isCut = this._isCut || text.length > LOG_TAIL;
    this._text = text.slice(-LOG_TAIL);
    if (part.text === '') {
      return false;
    }
    if (part.next_offset < part.size_bytes) {
      this._again();
    }
    return true;
  }

  private _generation = 0;
  private _isCut = false;
  private _offset = -LOG_TAIL;
  private _text = '';
}
