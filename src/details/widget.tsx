import { Clipboard } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { Message } from '@lumino/messaging';
import * as React from 'react';

import { Translation } from '../components/translation';
import { TranslationBundle } from '@jupyterlab/translation';
import { LocksModel } from '../environments/model';
import type { TabId } from '../page/tabs';
import { act } from '../run/acting';
import { RunDoer } from '../run/doing';
import { openCell } from '../run/places';
import { RunView } from '../run/view';
import { downloadFile } from '../runs/actions';
import { CommandIDs } from '../runs/commands';
import { IWorkspaceConnections } from '../tokens';
import { FollowedRun, IRunRef } from './following';
import { RunDetails } from './RunDetails';

/** The followed run on screen. It is read while somebody sees it. */
export class DetailsWidget extends ReactWidget {
  constructor(private readonly _options: DetailsWidget.IOptions) {
    super();
    this.addClass('jp-mlws-surface');
    this.addClass('jp-mlws-details');
    _options.followed.changed.connect(this._onFollowed, this);
    this._onFollowed();
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._options.followed.changed.disconnect(this._onFollowed, this);
      this._leave();
      super.dispose();
    }
  }

  protected render(): JSX.Element {
    const { followed, trans } = this._options;
    const view = this._view;
    return (
      <Translation.Provider value={trans}>
        <RunDetails
          view={view}
          locks={this._locks}
          isPinned={followed.isPinned}
          onPin={pinned => {
            followed.isPinned = pinned;
          }}
          onAction={action => {
            if (view) {
              void act(view, action, trans);
            }
          }}
          onCopy={text => Clipboard.copyToSystem(text)}
          onDownload={file => {
            if (view) {
              void downloadFile(file.name, () => view.detail.download(file));
            }
          }}
          onOpenCell={run => void openCell(this._options.commands, run)}
          onOpenPage={tab => this._openPage(tab)}
          onOpenRun={run => this._openRun(run)}
          onTyping={typing => {
            followed.isTyping = typing;
          }}
        />
      </Translation.Provider>
    );
  }

  protected onBeforeShow(msg: Message): void {
    super.onBeforeShow(msg);
    this._setActive(true);
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this._setActive(this.isVisible);
  }

  protected onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    this._setActive(false);
  }

  protected onBeforeDetach(msg: Message): void {
    this._setActive(false);
    super.onBeforeDetach(msg);
  }

  private _setActive(active: boolean): void {
    this._isActive = active;
    if (!active) {
      this._options.followed.isTyping = false;
    }
    if (this._view) {
      this._view.active = active;
    }
  }

  private _onFollowed(): void {
    const { connections, followed } = this._options;
    const { ref } = followed;
    const view = this._view;
    if (ref?.workspace !== view?.workspace || ref?.run !== view?.run) {
      this._leave();
      if (ref !== null) {
        const connection = connections.get(ref.workspace);
        this._view = new RunView(
          connection,
          ref.workspace,
          ref.run,
          this._choices
        );
        this._view.doer.made.connect(this._onAgain, this);
        this._view.active = this._isActive;
        this._locks = new LocksModel(connection);
      }
    }
    this.update();
  }

  private _leave(): void {
    this._view?.dispose();
    this._locks?.dispose();
    this._view = null;
    this._locks = null;
  }

  /** A run that was done again, or taken back out of the trash, is looked at from now on. */
  private _onAgain({ workspace }: RunDoer, run: string): void {
    this._options.followed.show({ workspace, run });
    this._options.onShow({ workspace, run });
  }

  private _openPage(tab?: TabId): void {
    if (this._view) {
      this._openRun(this._view.run, tab);
    }
  }

  private _openRun(run: string, tab?: TabId): void {
    if (this._view) {
      const { workspace } = this._view;
      const args = { workspace, run, ...(tab ? { tab } : {}) };
      void this._options.commands.execute(CommandIDs.openRun, args);
    }
  }

  /** What somebody opens or closes stays so from run to run. */
  private _choices = new Map<string, boolean>();
  private _isActive = false;
  private _locks: LocksModel | null = null;
  private _view: RunView | null = null;
}

export namespace DetailsWidget {
  export interface IOptions {
    commands: CommandRegistry;
    connections: IWorkspaceConnections;
    followed: FollowedRun;
    /** Told of a run that is looked at though nothing pointed at it. */
    onShow: (ref: IRunRef) => void;
    trans: TranslationBundle;
  }
}
