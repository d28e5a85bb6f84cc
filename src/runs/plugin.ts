import {
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { DOMAIN } from '../components/translation';
import { createComputeList } from '../compute/model';
import { KernelNotice } from '../kernels/model';
import { CommandIDs as KernelCommands } from '../kernels/commands';
import { createModelList } from '../models/model';
import { IWorkspaceConnection } from '../tokens';
import { downloadFile } from './actions';
import { addRunCommands, CommandIDs, CONTEXT_MENU } from './commands';
import { RunDetailModel } from './detail';
import { RunListModel } from './model';
import { RunAction } from './RunActions';
import { WorkspacePanel } from './panel';
import { Sparklines } from './sparklines';

/** The left panel: runs, the selected run, models, compute. */
export const runsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlws:runs',
  description: 'The left panel with the runs of the workspace.',
  autoStart: true,
  requires: [IWorkspaceConnection],
  optional: [INotebookTracker, ICommandPalette, ILayoutRestorer, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    connection: IWorkspaceConnection,
    notebooks: INotebookTracker | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const runs = new RunListModel(connection);
    const detail = new RunDetailModel(connection);
    const panel = new WorkspacePanel({
      connection,
      runs,
      detail,
      sparklines: new Sparklines(connection),
      models: createModelList(connection),
      compute: createComputeList(connection),
      kernel:
        notebooks &&
        new KernelNotice(notebooks, () => {
          void app.commands.execute(KernelCommands.enable);
        }),
      onAction: (action, run) => {
        void app.commands.execute(ACTIONS[action], { run });
      },
      onDownload: file => {
        void downloadFile(file.name, () => detail.download(file));
      },
      onDownloadModel: ({ name, version }, { path }) => {
        void downloadFile(path, () =>
          connection.request('models.download', { name, version, path })
        );
      },
      onOpenExample: () => {
        void app.commands.execute(CommandIDs.openExample);
      },
      translator: translator ?? undefined
    });
    addRunCommands({ app, connection, detail, panelId: panel.id, runs, trans });
    for (const command of Object.values(CommandIDs)) {
      palette?.addItem({
        command,
        category: trans.__('ML Workspace'),
        args: { isPalette: true }
      });
    }
    addContextMenu(app);
    app.shell.add(panel, 'left', { rank: 250, type: 'ML Workspace' });
    restorer?.add(panel, panel.id);
  }
};

const ACTIONS: Readonly<Record<RunAction, string>> = {
  cancel: CommandIDs.cancelRun,
  delete: CommandIDs.deleteRun,
  rerun: CommandIDs.rerun
};

/** A line of the list is selected before its menu opens, so that the commands are about it. */
function addContextMenu(app: JupyterFrontEnd): void {
  const selector = '#jp-mlws-panel [role="tree"]';
  CONTEXT_MENU.forEach((commands, group) => {
    const rank = 10 * group;
    if (group > 0) {
      app.contextMenu.addItem({ type: 'separator', selector, rank });
    }
    commands.forEach((command, i) => {
      app.contextMenu.addItem({ command, selector, rank: rank + 1 + i });
    });
  });
}
