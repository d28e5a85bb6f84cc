import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import {
  INotebookTracker,
  NotebookActions,
  NotebookPanel
} from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { DOMAIN } from '../components/translation';
import { CommandIDs as RunCommands } from '../runs/commands';
import {
  IAwaitedRuns,
  IWorkspaceConnection,
  IWorkspaceConnections,
  SETTINGS
} from '../tokens';
import { Badges } from './badges';
import { addCellCommands } from './commands';
import { CellRuns } from './runs';

/** Runs cells as jobs as they stand, and shows on each cell how its last run is. */
export const cellsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlws:cells',
  description: 'Runs cells as jobs, and shows how their runs are.',
  autoStart: true,
  requires: [IWorkspaceConnection, IWorkspaceConnections, INotebookTracker],
  optional: [IAwaitedRuns, ISettingRegistry, ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    connection: IWorkspaceConnection,
    connections: IWorkspaceConnections,
    notebooks: INotebookTracker,
    awaited: IAwaitedRuns | null,
    registry: ISettingRegistry | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const { contents } = app.serviceManager;
    const badges = new Map<NotebookPanel, Badges>();
    let settings: ISettingRegistry.ISettings | null = null;
    const wanted = () => settings?.get('cellBadges').composite !== false;
    const openRun = (workspace: string, run: string) => {
      void app.commands.execute(RunCommands.openRun, { workspace, run });
    };
    const follow = (panel: NotebookPanel) => {
      const runs = new CellRuns({
        path: () => contents.localPath(panel.context.path),
        resolve: document =>
          connection.request('registry.resolve', { document }),
        connect: workspace => connections.get(workspace)
      });
      const made = new Badges(panel, runs, {
        onOpen: (workspace, run) => openRun(workspace, run.id),
        trans
      });
      made.wanted = wanted();
      runs.changed.connect(({ live, workspace }) => {
        if (workspace !== null) {
          live.forEach(({ id: run }) => awaited?.follow({ workspace, run }));
        }
      });
      badges.set(panel, made);
      panel.disposed.connect(() => badges.delete(panel));
      void panel.revealed.then(() => watchVisibility(panel, made));
    };
    notebooks.forEach(follow);
    notebooks.widgetAdded.connect((_, panel) => follow(panel));
    NotebookActions.executed.connect((_, { notebook }) => {
      const panel = notebooks.find(it => it.content === notebook);
      if (panel) {
        badges.get(panel)?.look();
      }
    });
    void registry?.load(SETTINGS).then(loaded => {
      settings = loaded;
      const update = () => badges.forEach(it => (it.wanted = wanted()));
      loaded.changed.connect(update);
      update();
    });
    const options = () => String(settings?.get('jobOptions').composite ?? '');
    addCellCommands(
      {
        app,
        badges: panel => badges.get(panel),
        connection,
        notebooks,
        options,
        trans
      },
      palette
    );
  }
};

/** Tell badges whether their notebook is on screen. */
function watchVisibility(panel: NotebookPanel, badges: Badges): void {
  if (panel.isDisposed) {
    return;
  }
  let isInside = false;
  const update = () => {
    badges.seen = isInside && document.visibilityState === 'visible';
  };
  const observer = new IntersectionObserver(entries => {
    isInside = entries[entries.length - 1].isIntersecting;
    update();
  });
  observer.observe(panel.node);
  document.addEventListener('visibilitychange', update);
  panel.disposed.connect(() => {
    observer.disconnect();
    document.removeEventListener('visibilitychange', update);
  });
}
