import {
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Clipboard, ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { UUID } from '@lumino/coreutils';

import { tellError } from '../components/telling';
import { DOMAIN } from '../components/translation';
import { ComputeModel } from '../compute/model';
import { createUsage } from '../compute/usage';
import { buildSubmission } from '../environments/actions';
import { IEnvironmentActions } from '../environments/EnvironmentDetail';
import { createEnvironmentList, LocksModel } from '../environments/model';
import {
  archiveExperiment,
  deleteExperiment,
  describeExperiment
} from '../experiments/actions';
import { ExperimentsModel } from '../experiments/model';
import { KernelNotice } from '../kernels/model';
import { CommandIDs as KernelCommands } from '../kernels/commands';
import { createModelList } from '../models/model';
import { addSecret, deleteSecret } from '../secrets/actions';
import { createSecretList } from '../secrets/model';
import { ISelectedRun, IWorkspaceConnection } from '../tokens';
import { Switcher } from '../workspace/switcher';
import { downloadFile, telling } from './actions';
import { addRunCommands, CommandIDs, CONTEXT_MENU } from './commands';
import { Bests } from './bests';
import { RunListModel } from './model';
import { Pins } from './pins';
import { RunAction } from './RunActions';
import { WorkspacePanel } from './panel';
import { Sparklines } from './sparklines';

/** The left panel: runs, models, environments, compute, secrets. */
export const runsPlugin: JupyterFrontEndPlugin<ISelectedRun> = {
  id: 'jupyter-mlws:runs',
  description: 'The left panel with the runs of the workspace.',
  autoStart: true,
  provides: ISelectedRun,
  requires: [IWorkspaceConnection],
  optional: [
    INotebookTracker,
    ICommandPalette,
    ILayoutRestorer,
    ITranslator,
    ISettingRegistry,
    IStateDB
  ],
  activate: (
    app: JupyterFrontEnd,
    connection: IWorkspaceConnection,
    notebooks: INotebookTracker | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null,
    settings: ISettingRegistry | null,
    state: IStateDB | null
  ): ISelectedRun => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const pins = new Pins(window, () =>
      tellError(
        trans,
        trans.__(
          'The server cannot write your settings: what is pinned stays so until this page is closed.'
        )
      )
    );
    if (settings) {
      void pins.follow(settings);
    }
    const runs = new RunListModel(connection, pins);
    const experiments = new ExperimentsModel(connection, runs);
    const forExperiments = { connection, experiments, trans };
    const secrets = createSecretList(connection);
    const forSecrets = { connection, secrets, trans };
    const panel = new WorkspacePanel({
      connection,
      runs,
      sparklines: new Sparklines(connection),
      bests: new Bests(connection),
      experiments,
      experimentActions: {
        onDescribe: it => void describeExperiment(forExperiments, it),
        onArchive: (it, archived) =>
          void telling(() => archiveExperiment(forExperiments, it, archived)),
        onDelete: it => void telling(() => deleteExperiment(forExperiments, it))
      },
      models: createModelList(connection),
      environments: createEnvironmentList(connection),
      locks: new LocksModel(connection),
      environmentActions: environmentActions(connection, runs),
      compute: new ComputeModel(connection),
      usage: createUsage(connection),
      secrets,
      kernel:
        notebooks &&
        new KernelNotice(notebooks, () => {
          void app.commands.execute(KernelCommands.enable);
        }),
      switcher: new Switcher({ connection, runs, state, trans }),
      onAction: (action, run) => {
        void app.commands.execute(ACTIONS[action], { run });
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
      onDeleteSelected: () => {
        void app.commands.execute(CommandIDs.deleteRun);
      },
      onOpenExample: () => {
        void app.commands.execute(CommandIDs.openExample);
      },
      translator: translator ?? undefined
    });
    addRunCommands({ app, connection, panelId: panel.id, runs, trans });
    for (const command of Object.values(CommandIDs)) {
      palette?.addItem({
        command,
        category: trans.__('ML Workspace'),
        args: { isPalette: true }
      });
    }
    addContextMenu(app);
    giveFocusBack(app);
    app.shell.add(panel, 'left', { rank: 250, type: 'ML Workspace' });
    restorer?.add(panel, panel.id);
    return {
      get run() {
        return runs.selected;
      },
      changed: runs.selectionChanged,
      select: run => runs.select(run)
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

const LIST = '#jp-mlws-panel [role="tree"]';

/** A line of the list is selected before its menu opens, so that the commands are about it. */
function addContextMenu(app: JupyterFrontEnd): void {
  const selector = LIST;
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

/** A menu has the focus while it is open, and it goes away with the focus: the list has it again then. */
function giveFocusBack({ contextMenu }: JupyterFrontEnd): void {
  let list: HTMLElement | null = null;
  document.addEventListener(
    'contextmenu',
    ({ target }) => {
      list = (target as Element).closest<HTMLElement>(LIST);
    },
    true
  );
  contextMenu.menu.aboutToClose.connect(() => {
    list?.focus();
    list = null;
  });
}
