import {
  Dialog,
  InputDialog,
  Notification,
  showDialog
} from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { IStateDB } from '@jupyterlab/statedb';
import { TranslationBundle } from '@jupyterlab/translation';
import { MenuSvg } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';

import { ApiError, KnownWorkspace, WorkspaceInfo } from '../api';
import { escapeControls } from '../components/text';
import { telling } from '../runs/actions';
import { RunListModel, Scope } from '../runs/model';
import { IWorkspaceConnection } from '../tokens';
import { ISwitcher } from './Header';
import { MenuRenderer } from './menu';
import { NewForm } from './NewForm';
import { TrustQuestion } from './TrustQuestion';

const STATE = 'jupyter-mlws:workspace';
const UNDO_MS = 20000;
/** So many workspaces that are gone are listed one by one; more would hide those that are there. */
const MOST_GONE = 4;

/** What was looked at in a workspace, to be found again. */
interface IView {
  search: string;
  scope: Scope;
}

/**
 * Switches between the workspaces that the user knows, and makes, opens, renames and forgets them.
 *
 * What was searched for in one is there again on return.
 */
export class Switcher implements ISwitcher {
  constructor(private readonly _options: Switcher.IOptions) {
    const { connection, state } = _options;
    this._here = connection.info?.id ?? null;
    connection.workspaceChanged.connect(this._onWorkspace, this);
    void state?.fetch(STATE).then(chosen => {
      if (typeof chosen === 'string') {
        connection.choose(chosen);
      }
    });
  }

  readonly open = (below: HTMLElement): void => {
    const { connection, trans } = this._options;
    void telling(async () => {
      // A menu that opens by itself when the server is back would be no answer to a click.
      if (connection.state === 'lost') {
        throw new ApiError(
          'network',
          trans.__('The Jupyter server does not answer.')
        );
      }
      const { items } = await connection.request('registry.known', {});
      const { left, bottom } = below.getBoundingClientRect();
      const menu = this._menuOf(items);
      menu.aboutToClose.connect(() => {
        below.focus();
        // What was chosen is done first.
        setTimeout(() => menu.dispose());
      });
      menu.open(left, bottom);
    });
  };

  readonly trust = (): void => {
    void telling(() => this._trust(this._options.connection.error));
  };

  private _menuOf(known: readonly KnownWorkspace[]): Menu {
    const { connection, trans } = this._options;
    const commands = new CommandRegistry();
    // The check mark of what is chosen is a picture that Lumino's own menu does not draw.
    const menu = new MenuSvg({ commands, renderer: new MenuRenderer() });
    menu.addClass('jp-mlws-switcher-menu');
    const here = connection.info;
    const add = (
      label: string,
      execute: () => unknown,
      more: Partial<CommandRegistry.ICommandOptions> = {}
    ) => {
      const command = `mlws:switcher-${menu.items.length}`;
      commands.addCommand(command, {
        label,
        execute,
        describedBy: { args: { type: 'object', properties: {} } },
        ...more
      });
      menu.addItem({ command });
    };
    const gone = known.filter(it => it.state === 'gone' && it.id !== here?.id);
    const isMuch = gone.length > MOST_GONE;
    const listed = isMuch ? known.filter(it => !gone.includes(it)) : known;
    for (const each of listed) {
      add(
        escapeControls(this._labelOf(each, known)),
        () => this._choose(each.id),
        {
          caption: escapeControls(each.location),
          isToggleable: true,
          isToggled: () => each.id === here?.id,
          isEnabled: () => each.state === 'ready'
        }
      );
    }
    menu.addItem({ type: 'separator' });
    add(trans.__('Follow the Notebook in Front'), () => this._choose(null), {
      isToggleable: true,
      isToggled: () => connection.chosen === null
    });
    menu.addItem({ type: 'separator' });
    add(trans.__('New Workspace…'), () => telling(() => this._create()));
    add(trans.__('Open Workspace…'), () => telling(() => this._openOther()));
    if (here) {
      add(trans.__('Rename…'), () => telling(() => this._rename(here)));
    }
    // The one of the notebook in front would be back in the list at once.
    const removable = listed.filter(
      it => it.id === connection.chosen || it.state !== 'ready'
    );
    for (const each of removable) {
      add(trans.__('Remove %1 from This List', escapeControls(each.name)), () =>
        telling(() => this._forget(each))
      );
    }
    if (isMuch) {
      add(
        trans.__('Remove %1 Whose Folders Are Gone', gone.length),
        () => telling(() => this._forgetAll(gone)),
        { caption: gone.map(it => escapeControls(it.location)).join('\n') }
      );
    }
    return menu;
  }

  /** Its name, and what tells it from others. */
  private _labelOf(
    { id, location, name, state }: KnownWorkspace,
    known: readonly KnownWorkspace[]
  ): string {
    const { trans } = this._options;
    const words: Record<string, string> = {
      gone: trans.__('%1 (its folder is gone)', name),
      unreadable: trans.__('%1 (cannot be read)', name)
    };
    const isTwin = known.some(it => it.name === name && it.id !== id);
    return words[state] ?? (isTwin ? `${name} · ${location}` : name);
  }

  private _choose(id: string | null): void {
    const { connection, state } = this._options;
    connection.choose(id);
    const { chosen } = connection;
    void (chosen === null ? state?.remove(STATE) : state?.save(STATE, chosen));
  }

  private async _create(): Promise<void> {
    const { connection, trans } = this._options;
    const folder = PathExt.dirname(connection.document);
    const { button, value } = await showDialog({
      title: trans.__('New workspace'),
      body: new NewForm({ folder, trans }),
      focusNodeSelector: 'input',
      buttons: [
        Dialog.cancelButton(),
        Dialog.okButton({ label: trans.__('Create') })
      ]
    });
    if (button.accept && value) {
      const { id } = await connection.request('registry.create', {}, value);
      const follows = connection.chosen === null && (await this._isOwn(id));
      connection.choose(id);
      this._choose(follows ? null : id);
    }
  }

  /** Whether a workspace is that of the notebook in front. */
  private async _isOwn(workspace: string): Promise<boolean> {
    const { connection } = this._options;
    const { document } = connection;
    try {
      const own = await connection.request('registry.resolve', { document });
      return own.id === workspace && document === connection.document;
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      return false;
    }
  }

  private async _openOther(): Promise<void> {
    const { connection, trans } = this._options;
    const { button, value } = await InputDialog.getText({
      title: trans.__('Open workspace'),
      label: trans.__('Folder of a workspace, or of a project that has one'),
      placeholder: trans.__('project, ~/project or /data/project'),
      okLabel: trans.__('Open')
    });
    if (button.accept && value) {
      const info = await connection.request(
        'registry.open',
        {},
        { location: value }
      );
      this._choose(info.id);
    }
  }

  private async _rename({ id, name }: WorkspaceInfo): Promise<void> {
    const { connection, trans } = this._options;
    const { button, value } = await InputDialog.getText({
      title: trans.__('Rename workspace'),
      label: trans.__('Its name, for all who use it'),
      text: name,
      okLabel: trans.__('Rename')
    });
    if (button.accept && value && value !== name) {
      const wish = { name: value };
      await connection.request('registry.rename', { workspace: id }, wish);
      await connection.reread();
    }
  }

  private async _forgetAll(gone: readonly KnownWorkspace[]): Promise<void> {
    const { connection, trans } = this._options;
    for (const { id } of gone) {
      await connection.request('registry.forget', { workspace: id });
    }
    Notification.info(
      trans.__(
        'Removed %1 workspaces from the list. Nothing of them was deleted.',
        gone.length
      )
    );
  }

  /** Take it out of the list, and offer to put it back. */
  private async _forget(known: KnownWorkspace): Promise<void> {
    const { connection, trans } = this._options;
    await connection.request('registry.forget', { workspace: known.id });
    if (connection.chosen === known.id) {
      this._choose(null);
    }
    Notification.info(
      trans.__(
        'Removed %1 from the list. Nothing of it was deleted: %2',
        escapeControls(known.name),
        escapeControls(known.location)
      ),
      {
        autoClose: UNDO_MS,
        actions:
          known.state === 'ready' && known.kind !== 'server'
            ? [
                {
                  label: trans.__('Undo'),
                  callback: () => {
                    const { location } = known;
                    void telling(async () => {
                      await connection.request(
                        'registry.open',
                        {},
                        { location }
                      );
                    });
                  }
                }
              ]
            : []
      }
    );
  }

  /** Show what a project names, until there is nothing more to trust or somebody does not. */
  private async _trust(refusal: ApiError | null): Promise<void> {
    const { connection, trans } = this._options;
    const { document } = connection;
    while (refusal?.code === 'not_trusted') {
      const { config, database, workspace } = refusal.details;
      const place = String(database ?? workspace);
      const { button } = await showDialog({
        title: trans.__('Trust this project?'),
        body: new TrustQuestion({
          file: String(config ?? workspace),
          place,
          trans
        }),
        defaultButton: 0,
        buttons: [
          Dialog.cancelButton({ label: trans.__('Do not trust it') }),
          Dialog.warnButton({ label: trans.__('Trust') })
        ]
      });
      if (!button.accept) {
        return;
      }
      const wish = { document, place };
      refusal = await connection
        .request('registry.trust', {}, wish)
        .then(() => null, asNotTrusted);
    }
    await connection.refresh();
  }

  private _onWorkspace(): void {
    const { connection, runs } = this._options;
    if (this._here !== null) {
      this._views.set(this._here, this._seen);
    }
    this._here = connection.info?.id ?? null;
    const view = this._views.get(this._here ?? '');
    runs.search = view?.search ?? '';
    runs.scope = view?.scope ?? 'document';
  }

  private get _seen(): IView {
    const { scope, search } = this._options.runs;
    return { scope, search };
  }

  private _here: string | null;
  private _views = new Map<string, IView>();
}

export namespace Switcher {
  export interface IOptions {
    connection: IWorkspaceConnection;
    runs: RunListModel;
    /** Where the choice is kept over a reload. */
    state: IStateDB | null;
    trans: TranslationBundle;
  }
}

/** Something further that is not trusted. */
function asNotTrusted(error: unknown): ApiError {
  if (error instanceof ApiError && error.code === 'not_trusted') {
    return error;
  }
  throw error;
}
