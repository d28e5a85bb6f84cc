import { ReactWidget } from '@jupyterlab/apputils';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { TranslationBundle } from '@jupyterlab/translation';
import { JSONObject } from '@lumino/coreutils';
import { PanelLayout, Widget } from '@lumino/widgets';
import * as React from 'react';

import { ApiError } from '../api';
import { keepFocus } from '../components/focus';
import { WithinText } from '../components/heading';
import { Translation } from '../components/translation';
import { IWorkspaceConnections } from '../tokens';
import { IRunBundle, MIME_TYPE, readBundle } from './bundle';
import { CardModel } from './model';
import { ICardActions, RunCard } from './RunCard';

/**
 * The output of a cell that names a run. It shows what the notebook has of the run, as anywhere, until the server tells
 * more; where the server does not know the run, as in a notebook from elsewhere, that is what stays.
 */
export class CardRenderer extends Widget implements IRenderMime.IRenderer {
  constructor(private readonly _options: CardRenderer.IOptions) {
    super();
    this.addClass('jp-mlws-card-output');
    this.layout = new PanelLayout();
    this._observer = new IntersectionObserver(entries => {
      this._isOnScreen = entries[entries.length - 1].isIntersecting;
      this._updateSeen();
    });
    this._observer.observe(this.node);
    document.addEventListener('visibilitychange', this._updateSeen);
    keepFocus(this.node);
  }

  get model(): CardModel | null {
    return this._model;
  }

  async renderModel(mime: IRenderMime.IMimeModel): Promise<void> {
    const bundle = readBundle(mime.data[MIME_TYPE]);
    this._mime = mime;
    this._isKept = bundle === null || bundle.ended;
    if (bundle?.run !== this._model?.id) {
      this._setRun(bundle);
    }
    if (!this._isLive) {
      await this._showStatic(mime);
    }
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._observer.disconnect();
    document.removeEventListener('visibilitychange', this._updateSeen);
    this._model?.dispose();
    super.dispose();
  }

  private _setRun(bundle: IRunBundle | null): void {
    this._model?.dispose();
    this._model = null;
    this._isLive = false;
    if (bundle !== null) {
      const connection = this._options.connections.get(bundle.workspace);
      this._model = new CardModel(connection, bundle.workspace, bundle.run);
      this._model.changed.connect(this._onChanged, this);
      this._updateSeen();
    }
  }

  private _onChanged(model: CardModel): void {
    if (model.run !== null && !this._isLive) {
      this._isLive = true;
      this._show(this._createLive(model));
    }
    if (model.isComplete && !this._isKept) {
      this._isKept = true;
      void this._keep(model);
    }
  }

  /**
   * Put what came of the run into the notebook's own output, once. The file is written when its user, or Lab's autosave,
   * saves it: so nobody's changes are in the way of it.
   */
  private async _keep(model: CardModel): Promise<void> {
    try {
      if (!(await this._options.keepsResults(this))) {
        return;
      }
      const { text, html } = await model.readStatic();
      const mime = this._mime;
      if (this.isDisposed || mime === null || model !== this._model) {
        return;
      }
      const ids = mime.data[MIME_TYPE] as JSONObject;
      mime.setData({
        data: {
          ...mime.data,
          'text/plain': text,
          'text/html': html,
          [MIME_TYPE]: { ...ids, ended: true }
        },
        metadata: mime.metadata
      });
    } catch (error) {
      // The notebook keeps what it has; when it is opened again, this is tried again.
      if (!(error instanceof ApiError)) {
        throw error;
      }
    }
  }

  private _createLive(model: CardModel): Widget {
    const { actions, trans } = this._options;
    return ReactWidget.create(
      <Translation.Provider value={trans}>
        <WithinText>
          <RunCard model={model} actions={actions(this)} />
        </WithinText>
      </Translation.Provider>
    );
  }

  private async _showStatic(mime: IRenderMime.IMimeModel): Promise<void> {
    const data = Object.fromEntries(
      Object.entries(mime.data).filter(([type]) => type !== MIME_TYPE)
    );
    const type = this._options.rendermime.preferredMimeType(data);
    if (type === undefined) {
      return;
    }
    const renderer = this._options.rendermime.createRenderer(type);
    this._show(renderer);
    await renderer.renderModel(mime);
  }

  private _show(widget: Widget): void {
    const layout = this.layout as PanelLayout;
    while (layout.widgets.length > 0) {
      layout.widgets[0].dispose();
    }
    layout.addWidget(widget);
  }

  private _updateSeen = (): void => {
    if (this._model) {
      this._model.seen =
        this._isOnScreen && document.visibilityState === 'visible';
    }
  };

  /** The notebook has what came of the run, or shall not get it. */
  private _isKept = false;
  private _isLive = false;
  private _mime: IRenderMime.IMimeModel | null = null;
  private _isOnScreen = false;
  private _model: CardModel | null = null;
  private _observer: IntersectionObserver;
}

export namespace CardRenderer {
  export interface IOptions {
    /** What can be done from a card; asked when the card is where it will stay. */
    actions: (renderer: CardRenderer) => ICardActions;
    connections: IWorkspaceConnections;
    /** Whether results are put into the notebook when a run has ended; asked then. */
    keepsResults: (renderer: CardRenderer) => Promise<boolean>;
    rendermime: IRenderMimeRegistry;
    trans: TranslationBundle;
  }
}
