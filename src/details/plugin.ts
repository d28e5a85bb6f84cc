import {
  ILabShell,
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookActions } from '@jupyterlab/notebook';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { ReadonlyJSONObject } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';

import { readBundle } from '../card/bundle';
import { afterActivation } from '../components/focus';
import { loadPart } from '../components/parts';
import { DOMAIN } from '../components/translation';
import { detailsIcon } from '../components/icons';
import {
  ISelectedRun,
  IWorkspaceConnection,
  IWorkspaceConnections
} from '../tokens';
import { CellRun } from './cells';
import { FollowedRun, IRunSource } from './following';
import { DetailsPanel } from './panel';

const SHOW = 'mlws:show-details';
/** Where the pinned run is kept over a reload. */
const PINNED = 'jupyter-mlws:details';
/** On a screen of less width, in pixels, the notebook needs all of it. */
const NARROW = 1200;

/** The right panel: the run that is selected, or that the active cell made. It is opened by nobody but its user. */
export const detailsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlws:details',
  description: 'The right panel with the run that is looked at.',
  autoStart: true,
  requires: [IWorkspaceConnection, IWorkspaceConnections, ISelectedRun],
  optional: [
    INotebookTracker,
    ILabShell,
    ICommandPalette,
    ILayoutRestorer,
    IStateDB,
    ITranslator
  ],
  activate: (
    app: JupyterFrontEnd,
    connection: IWorkspaceConnection,
    connections: IWorkspaceConnections,
    selected: ISelectedRun,
    notebooks: INotebookTracker | null,
    shell: ILabShell | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    state: IStateDB | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const { commands } = app;
    const followed = new FollowedRun(
      selectionOf(selected, connection),
      notebooks ? new CellRun(notebooks, NotebookActions) : NOWHERE
    );
    const panel = new DetailsPanel(trans, async () => {
      const { DetailsWidget } = await loadPart(trans, () => import('./widget'));
      return new DetailsWidget({
        commands,
        connections,
        followed,
        onShow: ({ workspace, run }) => {
          if (workspace === connection.info?.id) {
            selected.select(run);
          }
        },
        trans
      });
    });
    app.shell.add(panel, 'right', { rank: 1000, type: 'Run Details' });
    restorer?.add(panel, panel.id);
    if (state) {
      void keepPinned(followed, state);
    }
    if (shell) {
      void app.restored.then(() => {
        if (panel.isVisible && window.innerWidth < NARROW) {
          shell.collapseRight();
        }
      });
    }
    commands.addCommand(SHOW, {
      label: trans.__('Show Run Details'),
      icon: args => (args.isPalette ? undefined : detailsIcon),
      describedBy: {
        args: {
          type: 'object',
          properties: {
            workspace: { type: 'string', description: 'Id of the workspace' },
            run: {
              type: 'string',
              description: 'Id of the run; the one that is followed if left out'
            }
          }
        }
      },
      execute: async args => {
        const ref = readBundle(args);
        if (ref !== null) {
          followed.show({ workspace: ref.workspace, run: ref.run });
        }
        await afterActivation();
        app.shell.activateById(panel.id);
      }
    });
    palette?.addItem({
      command: SHOW,
      category: trans.__('ML Workspace'),
      args: { isPalette: true }
    });
    app.contextMenu.addItem({
      command: SHOW,
      selector: '#jp-mlws-panel [role="tree"]',
      rank: 2
    });
  }
};

/** The list's selection, with the workspace that it is in. */
function selectionOf(
  selected: ISelectedRun,
  connection: IWorkspaceConnection
): IRunSource {
  return {
    get ref() {
      const workspace = connection.info?.id;
      const { run } = selected;
      return run !== null && workspace !== undefined
        ? { workspace, run }
        : null;
    },
    changed: selected.changed
  };
}

const NOWHERE: IRunSource = { ref: null, changed: new Signal({}) };

/** Bring back the run that was pinned, and keep it up to date where the next page finds it. */
async function keepPinned(
  followed: FollowedRun,
  state: IStateDB
): Promise<void> {
  const kept = readBundle(await state.fetch(PINNED));
  if (kept !== null) {
    followed.show({ workspace: kept.workspace, run: kept.run }, true);
  }
  followed.changed.connect(() => {
    const { isPinned, ref } = followed;
    if (isPinned && ref !== null) {
      void state.save(PINNED, { ...ref } satisfies ReadonlyJSONObject);
    } else {
      void state.remove(PINNED);
    }
  });
}
