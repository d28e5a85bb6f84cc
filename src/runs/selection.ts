import { Row } from './rows';

/**
 * Which runs are selected, and which of them is the current one, that keys move and the details are of.
 */
export class Selection {
  /** Id of the current run. */
  get current(): string | null {
    return this._current;
  }

  get size(): number {
    return this._ids.size;
  }

  has(id: string): boolean {
    return this._ids.has(id);
  }

  /** Ids of the selected runs, from the top: nobody means what he does not see. */
  in(rows: readonly Row[]): string[] {
    return rows.map(row => row.run.id).filter(id => this._ids.has(id));
  }

  /** Select one alone, or none. */
  set(id: string | null): void {
    this._ids = new Set(id === null ? [] : [id]);
    this._current = this._anchor = id;
  }

  /** Make one the current, and leave the selection. */
  move(id: string): void {
    this._current = id;
  }

  /** Select one beside the others, or no longer. */
  toggle(id: string): void {
    const ids = new Set(this._ids);
    if (!ids.delete(id)) {
      ids.add(id);
    }
    this._ids = ids;
    this._current = this._anchor = id;
  }

  /** Select all lines from the one where it was begun to another. */
  extend(id: string, rows: readonly Row[]): void {
    const from = rows.findIndex(row => row.run.id === this._anchor);
    const to = rows.findIndex(row => row.run.id === id);
    if (from < 0 || to < 0) {
      this.set(id);
      return;
    }
    const between = rows.slice(Math.min(from, to), Math.max(from, to) + 1);
    this._ids = new Set(between.map(row => row.run.id));
    this._current = id;
  }

  /** Select all lines. */
  all(rows: readonly Row[]): void {
    this._ids = new Set(rows.map(row => row.run.id));
    this._current ??= rows[0]?.run.id ?? null;
    this._anchor = this._current;
  }

  /** Leave out what is gone; another takes the place of the current one. */
  drop(ids: ReadonlySet<string>, next: string | null): void {
    this._ids = new Set([...this._ids].filter(id => !ids.has(id)));
    if (this._anchor !== null && ids.has(this._anchor)) {
      this._anchor = next;
    }
    if (this._current !== null && ids.has(this._current)) {
      this._current = next;
      if (this._ids.size === 0) {
        this.set(next);
      }
    }
  }

  private _anchor: string | null = null;
  private _current: string | null = null;
  private _ids: ReadonlySet<string> = new Set();
}
