import { heightOf, IRow, ROW_HEIGHT } from './rows';

/** Lines of a list that are drawn, as a half-open range. */
export interface IRange {
  readonly first: number;
  readonly last: number;
}

/** So many lines more are drawn on each side of what is in sight. */
const OVERSCAN = 6;

/**
 * Where each line of the list lies. Below the last one is room for those that are not read yet.
 */
export class Layout {
  /**
   * @param unread how many lines are known to follow
   */
  constructor(rows: readonly IRow[], unread: number) {
    this._tops = new Float64Array(rows.length + 1);
    for (let i = 0; i < rows.length; i++) {
      this._tops[i + 1] = this._tops[i] + heightOf(rows[i]);
    }
    this.height = this._tops[rows.length] + Math.max(0, unread) * ROW_HEIGHT;
  }

  /** Height of all lines, read and unread. */
  readonly height: number;

  /** Number of lines that are read. */
  get size(): number {
    return this._tops.length - 1;
  }

  /** Where a line begins; that after the last one is where the unread ones begin. */
  top(index: number): number {
    return this._tops[index];
  }

  /** The line at a height, at most the last one; -1 where there is none. */
  indexAt(y: number): number {
    let low = 0;
    let high = this.size - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this._tops[middle] <= y) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return high;
  }

  /** Which lines to draw for a window, with a few more on each side. */
  range(scrollTop: number, height: number): IRange {
    const first = Math.max(0, this.indexAt(Math.max(0, scrollTop)) - OVERSCAN);
    const last = this.indexAt(scrollTop + height) + 1 + OVERSCAN;
    return { first, last: Math.min(this.size, last) };
  }

  /** How many unread lines lie above the lower edge of a window, with those that soon will. */
  unreadAbove(bottom: number): number {
    const room = bottom + OVERSCAN * ROW_HEIGHT - this._tops[this.size];
    return Math.max(0, Math.ceil(room / ROW_HEIGHT));
  }

  private _tops: Float64Array;
}
