import { ISignal, Signal } from '@lumino/signaling';

import { Deletion, Rerun, Run, RunSubmission, RunUpdate } from '../api';
import { RunListing } from './listing';
import { Row } from './rows';
import { Selection } from './selection';

export { Scope } from './listing';

/**
 * The list of runs as a person uses it: which of them are selected, and what is done about them.
 */
export class RunListModel extends RunListing {
  /** Another run is the current one. */
  get selectionChanged(): ISignal<this, string | null> {
    return this._selectionChanged;
  }

  /** Id of the current run, which the details are of. */
  get selected(): string | null {
    return this._selection.current;
  }

  /** Ids of all selected runs, from the top. */
  get selection(): readonly string[] {
    return this._selection.in(this.rows);
  }

  /** Whether a run is one of the selected. */
  isSelected(id: string): boolean {
    return this._selection.has(id);
  }

  /**
   * Select a run alone. Choosing the newest one means to go on following the newest.
   */
  select(id: string | null): void {
    const isAgain = id !== null && id === this.selected;
    this._follows = id === null || id === this._tree.top[0]?.id;
    this._change(selection => selection.set(id));
    if (isAgain) {
      // Whoever presses on a run means it, whatever else was looked at since.
      this._selectionChanged.emit(id);
    }
  }

  /** Make a run the current one, and leave the selection as it is. */
  moveTo(id: string): void {
    this._follows = false;
    this._change(selection => selection.move(id));
  }

  /** Select a run beside the others, or no longer. */
  toggleSelected(id: string): void {
    this._follows = false;
    this._change(selection => selection.toggle(id));
  }

  /** Select all lines from the last chosen one to another. */
  selectTo(id: string): void {
    this._follows = false;
    this._change(selection => selection.extend(id, this.rows));
  }

  /** Select every line, those that were not read yet, too. */
  async selectAll(): Promise<void> {
    this._follows = false;
    await this.need(Infinity);
    this._change(selection => selection.all(this.rows));
  }

  /** Go to the last line there is, which may have to be read first. */
  async goToEnd(go: (id: string) => void): Promise<void> {
    const before = this.selected;
    await this.need(Infinity);
    const last = this.rows[this.rows.length - 1];
    // Meanwhile its user may have gone elsewhere.
    if (last && this.selected === before) {
      go(last.run.id);
    }
  }

  /** Ask for the end of a run. */
  async cancel(id: string): Promise<void> {
    this._listed.put(
      await this._connection.request('runs.cancel', { run: id })
    );
  }

  /** Do a run again, and select the new one. The same key makes one run, however often it is asked for. */
  async rerun(id: string, wish: Rerun): Promise<Run> {
    const run = await this._connection.request('runs.rerun', { run: id }, wish);
    this._listed.add(run);
    this.select(run.id);
    return run;
  }

  /** Submit a run, and select it. */
  async submit(submission: RunSubmission): Promise<Run> {
    const run = await this._connection.request('runs.submit', {}, submission);
    this._listed.add(run);
    this.select(run.id);
    return run;
  }

  /** Change what a person may change about a run. */
  async update(id: string, change: RunUpdate): Promise<void> {
    this._listed.put(
      await this._connection.request('runs.update', { run: id }, change)
    );
  }

  /** Put a run, and all below it, into the trash. */
  async delete(id: string): Promise<Deletion> {
    const gone = await this._connection.request('runs.delete', { run: id });
    this._listed.drop([id]);
    return gone;
  }

  /** Take a run out of the trash, and select it. */
  async restore(id: string): Promise<Run> {
    const run = await this._connection.request('runs.restore', { run: id });
    this._listed.add(run);
    this.select(run.id);
    return run;
  }
  protected _onReset(): void {
    this._follows = true;
    this._change(selection => selection.set(null));
  }

  /** The selection goes to the line that takes the place of the current one. */
  protected _onDropped(
    gone: ReadonlySet<string>,
    before: readonly Row[]
  ): void {
    const at = before.findIndex(row => row.run.id === this.selected);
    const stays = (row: Row) => !gone.has(row.run.id);
    const next =
      before.slice(at + 1).find(stays) ??
      before.slice(0, Math.max(0, at)).reverse().find(stays);
    this._change(selection => selection.drop(gone, next?.run.id ?? null));
  }

  protected _onListed(): void {
    if (this._follows) {
      const newest = this._tree.top[0]?.id ?? null;
      this._change(selection => selection.set(newest));
    }
  }

  private _change(act: (selection: Selection) => void): void {
    const before = this.selected;
    act(this._selection);
    if (this.selected !== before) {
      this._selectionChanged.emit(this.selected);
    }
    this._emit();
  }

  private _follows = true;
  private _selection = new Selection();
  private _selectionChanged = new Signal<this, string | null>(this);
}
