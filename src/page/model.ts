import { ISignal, Signal } from '@lumino/signaling';

import { OtherRun } from '../run/other';
import { RunView } from '../run/view';
import type { TabId } from './tabs';

/** One run as its page shows it: a view with a tab in front. */
export class RunPageModel extends RunView {
  /** The run that it is compared with. */
  readonly other = new OtherRun(this.connection);

  /** Another tab is in front. */
  get tabChanged(): ISignal<this, TabId> {
    return this._tabChanged;
  }

  get tab(): TabId {
    return this._tab;
  }

  set tab(tab: TabId) {
    if (tab !== this._tab) {
      this._tab = tab;
      this._tabChanged.emit(tab);
    }
  }

  dispose(): void {
    this.other.dispose();
    super.dispose();
  }

  private _tab: TabId = 'overview';
  private _tabChanged = new Signal<this, TabId>(this);
}
