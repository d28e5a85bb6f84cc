import { TranslationBundle } from '@jupyterlab/translation';
import { Message } from '@lumino/messaging';
import { Panel, Widget } from '@lumino/widgets';

import { keepFocus } from '../components/focus';
import { detailsIcon } from '../components/icons';
import { telling } from '../runs/actions';

/**
 * The place of the run's details on the right. What it shows is fetched when it is seen first; where that fails, when it is
 * asked for the next time.
 */
export class DetailsPanel extends Panel {
  /**
   * @param _load makes what it shows, or throws an `ApiError`
   */
  constructor(
    private readonly _trans: TranslationBundle,
    private readonly _load: () => Promise<Widget>
  ) {
    super();
    const label = _trans.__('Run Details');
    this.id = 'jp-mlws-details';
    this.addClass('jp-mlws-details-panel');
    this.title.icon = detailsIcon;
    this.title.caption = label;
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', label);
    this.node.tabIndex = -1;
    keepFocus(this.node);
  }

  /** Whoever comes by the keyboard goes on from its beginning. */
  protected onActivateRequest(msg: Message): void {
    super.onActivateRequest(msg);
    void this._fill();
    if (!this.node.contains(document.activeElement)) {
      this.node.focus();
    }
  }

  protected onBeforeShow(msg: Message): void {
    super.onBeforeShow(msg);
    void this._fill();
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    if (this.isVisible) {
      void this._fill();
    }
  }

  private async _fill(): Promise<void> {
    if (this._isFilled) {
      return;
    }
    this._isFilled = true;
    await telling(async () => {
      try {
        const widget = await this._load();
        if (!this.isDisposed) {
          this.addWidget(widget);
        }
      } catch (error) {
        this._isFilled = false;
        throw error;
      }
    }, this._trans);
  }

  private _isFilled = false;
}
