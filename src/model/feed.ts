import { Change, ChangePage } from '../api';

/** So many polls in a row without news are enough to poll calmly again. */
const QUIET = 60;
/** A poll may overtake the event that tells the same: so much later than that, in milliseconds, none comes any more. */
const LATE = 900;
/** What changes many times a second is of no use to a page that nobody sees. */
const FOR_EYES = ['metric', 'log'];

/** What an event tells. */
export interface IChangesEvent {
  workspace: string;
  cursor: number;
  changes: readonly { kind: string; subject: string }[];
}

/**
 * How far the changes of a workspace are known here, from events, which may be lost, and from polls, which lose nothing.
 *
 * Only a poll moves the cursor, because an event that never came leaves no gap to be seen. What an event told already
 * is not told again.
 */
export class Feed {
  constructor(private readonly _now: () => number = Date.now) {}

  /** What was read so far. */
  get cursor(): number {
    return this._cursor;
  }

  /** Whether news come by polls alone, because the event stream is closed. */
  get isDeaf(): boolean {
    return this._quiet > 0;
  }

  /** Whether that may be so: a poll told something, and its event may still be under way. */
  get isInDoubt(): boolean {
    return this._doubtedAt !== null;
  }

  /** Begin anew, at a cursor. */
  restart(cursor: number): void {
    this._cursor = cursor;
    this._doubtedAt = null;
    this._told.clear();
    this._held.clear();
  }

  /** What an event tells; to a page that nobody sees only what may concern it all the same. */
  hear(event: IChangesEvent, isSeen: boolean): readonly Change[] {
    this._quiet = 0;
    this._doubtedAt = null;
    const { cursor } = event;
    const isTold = ({ kind }: { kind: string }) =>
      isSeen || !FOR_EYES.includes(kind);
    for (const change of event.changes) {
      (isTold(change) ? this._told : this._held).set(keyOf(change), cursor);
    }
    return event.changes.filter(isTold).map(change => ({ ...change, cursor }));
  }

  /** What a page of the feed tells that no event told. */
  take(page: ChangePage): readonly Change[] {
    // Of two polls the later one may be answered first.
    this._cursor = Math.max(this._cursor, page.cursor);
    const news = page.changes.filter(change => isBehind(this._told, change));
    this._judge(news.some(change => isBehind(this._held, change)));
    // All of it lies behind the cursor now, so nobody will tell it again.
    for (const known of [this._told, this._held]) {
      for (const [key, cursor] of known) {
        if (cursor <= page.cursor) {
          known.delete(key);
        }
      }
    }
    return news;
  }

  /**
   * Find out whether events still come.
   *
   * @param isUnheard whether a poll told something of which no event came
   */
  private _judge(isUnheard: boolean): void {
    if (this._quiet > 0) {
      this._quiet = isUnheard ? QUIET : this._quiet - 1;
      return;
    }
    if (isUnheard) {
      this._doubtedAt ??= this._now();
    }
    if (this._doubtedAt !== null && this._now() - this._doubtedAt >= LATE) {
      this._quiet = QUIET;
      this._doubtedAt = null;
    }
  }

  private _cursor = 0;
  /** When a poll told what no event had told; null where one came since. */
  private _doubtedAt: number | null = null;
  /** What events told and was held back, as nobody looked. */
  private _held = new Map<string, number>();
  /** So many more polls without news until events count as heard again, unless one comes. */
  private _quiet = 0;
  private _told = new Map<string, number>();
}

/** Whether a change came after what is known of its subject. */
function isBehind(known: ReadonlyMap<string, number>, change: Change): boolean {
  return change.cursor > (known.get(keyOf(change)) ?? 0);
}

function keyOf(change: { kind: string; subject: string }): string {
  return `${change.kind} ${change.subject}`;
}
