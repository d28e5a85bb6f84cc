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
import { addRunCommands, CommandIDs, downloadFile } from './commands';
import { RunDetailModel } from './detail';
import { RunListModel } from './model';
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
      onCancel: id => {
        void app.commands.execute(CommandIDs.cancelRun, { run: id });
      },
      onDownload: file => {
        void downloadFile(detail, file);
      },
      onOpenExample: () => {
        void app.commands.execute(CommandIDs.openExample);
      },
      translator: translator ?? undefined
    });
    addRunCommands({ app, connection, detail, panelId: panel.id, runs, trans });
    for (const command of Object.values(CommandIDs)) {
      palette?.addItem({ command, category: trans.__('ML Workspace') });
    }
    app.shell.add(panel, 'left', { rank: 250, type: 'ML Workspace' });
    restorer?.add(panel, panel.id);
  }
};
