import { Clipboard, Notification } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { Message } from '@lumino/messaging';
import * as React from 'react';

import { Run } from '../api';
import { keepFocus } from '../components/focus';
import { workspaceIcon } from '../components/icons';
import { statusText } from '../components/status';
import { escapeControls } from '../components/text';
import { Translation } from '../components/translation';
import { LocksModel } from '../environments/model';
import { act } from '../run/acting';
import { openCell } from '../run/places';
import { downloadFile } from '../runs/actions';
import { CommandIDs } from '../runs/commands';
import { nameOf } from '../runs/RunRow';
import { linkOf } from './link';
import { RunPageModel } from './model';
import { RunPage } from './RunPage';

/** The page of a run as a widget of the main area; it sleeps while it is not on screen. */
export class RunPageWidget extends ReactWidget {
  constructor(private readonly _options: RunPageWidget.IOptions) {
    super();
    const { model } = _options;
    this.id = RunPageWidget.idOf(model.workspace, model.run);
    this.addClass('jp-mlws-surface');
    this.addClass('jp-mlws-page');
    this.node.tabIndex = -1;
    keepFocus(this.node);
    this.title.icon = workspaceIcon;
    this.title.closable = true;
    this.title.label = _options.trans.__('Run');
    this._locks = new LocksModel(model.connection);
    model.detail.changed.connect(this._updateTitle, this);
    model.doer.made.connect(this._onAgain, this);
  }

  get model(): RunPageModel {
    return this._options.model;
  }

  dispose(): void {
    if (!this.isDisposed) {
      super.dispose();
      this._locks.dispose();
      this.model.dispose();
    }
  }

  protected render(): JSX.Element {
    const { model, trans } = this._options;
    return (
      <Translation.Provider value={trans}>
        <RunPage
          model={model}
          locks={this._locks}
          onAction={action => void act(model, action, trans)}
          onCopy={text => Clipboard.copyToSystem(text)}
          onCopyLink={run => this._copyLink(run)}
          onDownload={file =>
            void downloadFile(file.name, () => model.detail.download(file))
          }
          onOpenCell={run => void openCell(this._options.commands, run)}
          onOpenRun={run => this._open(run)}
          onReady={() => {
            // Whoever came by the keyboard waits here since before there were any.
            if (document.activeElement === this.node) {
              this._focusTab();
            }
          }}
        />
      </Translation.Provider>
    );
  }

  protected onBeforeShow(msg: Message): void {
    super.onBeforeShow(msg);
    this.model.active = true;
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this.model.active = this.isVisible;
  }

  protected onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    this.model.active = false;
  }

  protected onBeforeDetach(msg: Message): void {
    this.model.active = false;
    super.onBeforeDetach(msg);
  }

  protected onActivateRequest(msg: Message): void {
    super.onActivateRequest(msg);
    this._focusTab();
  }

  private _focusTab(): void {
    const tab = this.node.querySelector<HTMLElement>(
      '[role=tab][aria-selected=true]'
    );
    (tab ?? this.node).focus();
  }

  private _copyLink(run: Run): void {
    const { model, trans } = this._options;
    Clipboard.copyToSystem(linkOf(model.workspace, run.number));
    Notification.success(trans.__('Copied a link to run %1.', run.number), {
      autoClose: 3000
    });
  }

  /** A run that was done again is opened beside this one. */
  private _onAgain(_: unknown, run: string): void {
    if (run !== this.model.run) {
      this._open(run);
    }
  }

  private _open(run: string): void {
    const { workspace } = this.model;
    this._execute(CommandIDs.openRun, { workspace, run });
  }

  private _execute(command: string, args: Record<string, string>): void {
    void this._options.commands.execute(command, args);
  }

  private _updateTitle(): void {
    const { run } = this.model.detail;
    if (run !== null) {
      const { trans } = this._options;
      const name = escapeControls(nameOf(run));
      this.title.label = `#${run.number} ${name}`;
      this.title.caption = `${trans.__('Run %1', run.number)} · ${name} · ${statusText(trans, run.status)}`;
    }
  }

  private _locks: LocksModel;
}

export namespace RunPageWidget {
  export interface IOptions {
    model: RunPageModel;
    commands: CommandRegistry;
    trans: TranslationBundle;
  }

  export function idOf(workspace: string, run: string): string {
    return `jp-mlws-run-${workspace}-${run}`;
  }
}
