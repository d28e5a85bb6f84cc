import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';

import { WorkspaceConnection } from '../model/connection';
import { WorkspaceConnections } from '../model/connections';
import {
  IWorkspaceConnection,
  IWorkspaceConnections,
  SETTINGS
} from '../tokens';

/** Keeps one connection to the workspace of the notebook in front. */
export const workspacePlugin: JupyterFrontEndPlugin<IWorkspaceConnection> = {
  id: SETTINGS,
  description: 'Follows the workspace of the notebook in front.',
  autoStart: true,
  provides: IWorkspaceConnection,
  optional: [INotebookTracker],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker | null
  ): IWorkspaceConnection => {
    const { contents, events, serverSettings } = app.serviceManager;
    const connection = new WorkspaceConnection({
      serverSettings,
      stream: events.stream
    });
    if (notebooks) {
      followNotebook(notebooks, path =>
        connection.setDocument(path === '' ? '' : contents.localPath(path))
      );
    }
    onReturn(() => void connection.refresh());
    return connection;
  }
};

/** Keeps the connections to workspaces that cards and pages ask for by their ids. */
export const connectionsPlugin: JupyterFrontEndPlugin<IWorkspaceConnections> = {
  id: 'jupyter-mlws:connections',
  description: 'Follows workspaces by their ids.',
  autoStart: true,
  provides: IWorkspaceConnections,
  activate: (app: JupyterFrontEnd): IWorkspaceConnections => {
    const { events, serverSettings } = app.serviceManager;
    const connections = new WorkspaceConnections({
      serverSettings,
      stream: events.stream
    });
    onReturn(() => connections.refresh());
    return connections;
  }
};

/** Look at once when the page is seen again, or the computer has a network again, instead of at the next poll. */
function onReturn(look: () => void): void {
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') {
      look();
    }
  });
  window.addEventListener('online', look);
}

/** Tell the path of the notebook in front, now and whenever another one comes or it is renamed. */
function followNotebook(
  notebooks: INotebookTracker,
  tell: (path: string) => void
): void {
  const update = () => tell(notebooks.currentWidget?.context.path ?? '');
  notebooks.currentChanged.connect(update);
  notebooks.widgetAdded.connect((_, panel) => {
    panel.context.pathChanged.connect(update);
  });
  update();
}
