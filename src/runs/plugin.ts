import {
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Clipboard, ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { UUID } from '@lumino/coreutils';

import { DOMAIN } from '../components/translation';
import { createComputeList } from '../compute/model';
import { buildSubmission } from '../environments/actions';
import { IEnvironmentActions } from '../environments/EnvironmentDetail';
import { createEnvironmentList, LocksModel } from '../environments/model';
import { KernelNotice } from '../kernels/model';
import { CommandIDs as KernelCommands } from '../kernels/commands';
import { createModelList } from '../models/model';
import { addSecret, deleteSecret } from '../secrets/actions';
import { createSecretList } from '../secrets/model';
import { ISelectedRun, IWorkspaceConnection } from '../tokens';
import { downloadFile, telling } from './actions';
import { addRunCommands, CommandIDs, CONTEXT_MENU } from './commands';
import { RunDetailModel } from './detail';
import { RunListModel } from './model';
import { RunAction } from './RunActions';
import { WorkspacePanel } from './panel';
import { Sparklines } from './sparklines';

/** The left panel: runs, the selected run, models, environments, compute, secrets. */
export const runsPlugin: JupyterFrontEndPlugin<ISelectedRun> = {
  id: 'jupyter-mlws:runs',
  description: 'The left panel with the runs of the workspace.',
  autoStart: true,
  provides: ISelectedRun,
  requires: [IWorkspaceConnection],
  optional: [INotebookTracker, ICommandPalette, ILayoutRestorer, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    connection: IWorkspaceConnection,
    notebooks: INotebookTracker | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null
  ): ISelectedRun => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const runs = new RunListModel(connection);
    const detail = new RunDetailModel(connection);
    const secrets = createSecretList(connection);
    const forSecrets = { connection, secrets, trans };
    const panel = new WorkspacePanel({
      connection,
      runs,
      detail,
      sparklines: new Sparklines(connection),
      models: createModelList(connection),
      environments: createEnvironmentList(connection),
      locks: new LocksModel(connection),
      environmentActions: environmentActions(connection, runs),
      compute: createComputeList(connection),
      secrets,
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
      onAddSecret: (name, value) => addSecret(forSecrets, name, value),
      onDeleteSecret: secret => {
        void telling(() => deleteSecret(forSecrets, secret));
      },
      onOpenRun: run => {
        void app.commands.execute(CommandIDs.openRun, { run });
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
    return {
      get run() {
        return runs.selected;
      },
      changed: runs.selectionChanged
    };
  }
};

function environmentActions(
  connection: IWorkspaceConnection,
  runs: RunListModel
): IEnvironmentActions {
  return {
    onFirstLook: name =>
      telling(async () => {
        await connection.request('environments.get', { name });
      }),
    onBuild: environment =>
      telling(async () => {
        const { document } = connection;
        await runs.submit(buildSubmission(environment, document, UUID.uuid4()));
      }),
    onCopy: text => Clipboard.copyToSystem(text)
  };
}

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
