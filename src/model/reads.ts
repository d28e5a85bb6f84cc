import { ServerConnection } from '@jupyterlab/services';

/** The same question is sent no more often than changes are told. */
const INTERVAL = 100;
/** So long an answer is good for whoever asks the same, unless something changed meanwhile. */
const GOOD_FOR = 500;
/** Bytes beyond this are shared with those who wait for them, and not kept. */
const KEPT_BYTES = 2 ** 20;

/**
 * Questions that several views ask at about the same time are sent once: a row, a card, a page and two panels that show
 * one run cost one request for each of its changes.
 *
 * An answer is shared only while nothing was told that could have made it old: what changed while it was under way is
 * asked again, for all who waited, as soon as it may be.
 */
export class SharedReads {
  /** The questions that go over one connection to a server. */
  static of(settings: ServerConnection.ISettings): SharedReads {
    const known = SharedReads._all.get(settings);
    if (known) {
      return known;
    }
    const made = new SharedReads();
    SharedReads._all.set(settings, made);
    return made;
  }

  /** So many answers are under way, awaited or kept. */
  get size(): number {
    return this._entries.size;
  }

  /** Something changed: answers to what was asked before may be old. */
  forget(): void {
    this._version += 1;
  }

  /**
   * Ask, or share the answer of who asked before.
   *
   * @param key what is asked; equal keys mean equal answers
   * @param ask sends the question
   */
  read<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const entry: IEntry = this._entries.get(key) ?? { startedAt: 0 };
    this._entries.set(key, entry);
    if (entry.next) {
      return entry.next as Promise<T>;
    }
    const isGood =
      entry.version === this._version &&
      (entry.isUnderWay || Date.now() - entry.startedAt < GOOD_FOR);
    if (isGood && entry.answer) {
      return entry.answer as Promise<T>;
    }
    const wait = entry.startedAt + INTERVAL - Date.now();
    if (!entry.isUnderWay && wait <= 0) {
      return this._send(key, entry, ask);
    }
    const next = this._later(entry, wait).then(() => {
      entry.next = undefined;
      return this._send(key, entry, ask);
    });
    entry.next = next;
    return next;
  }

  private async _later(entry: IEntry, wait: number): Promise<void> {
    // Answers may overtake each other, so the next question waits until this one is answered.
    await entry.answer?.catch(() => undefined);
    if (wait > 0) {
      await new Promise(resolve => setTimeout(resolve, wait));
    }
  }

  private _send<T>(
    key: string,
    entry: IEntry,
    ask: () => Promise<T>
  ): Promise<T> {
    clearTimeout(entry.timer);
    entry.startedAt = Date.now();
    entry.version = this._version;
    entry.isUnderWay = true;
    const answer = ask();
    entry.answer = answer;
    const drop = () => {
      entry.answer = undefined;
      if (!entry.next) {
        this._entries.delete(key);
      }
    };
    answer.then(
      value => {
        entry.isUnderWay = false;
        const isLarge =
          value instanceof ArrayBuffer && value.byteLength > KEPT_BYTES;
        if (isLarge) {
          drop();
        } else {
          entry.timer = setTimeout(drop, GOOD_FOR);
        }
      },
      () => {
        entry.isUnderWay = false;
        drop();
      }
    );
    return answer;
  }

  private static _all = new WeakMap<ServerConnection.ISettings, SharedReads>();
  private _entries = new Map<string, IEntry>();
  private _version = 0;
}

interface IEntry {
  /** The answer under way, or the last one as long as it is kept. */
  answer?: Promise<unknown>;
  isUnderWay?: boolean;
  /** The question that is sent next. */
  next?: Promise<unknown>;
  startedAt: number;
  timer?: ReturnType<typeof setTimeout>;
  /** How much had been told when it was asked. */
  version?: number;
}
