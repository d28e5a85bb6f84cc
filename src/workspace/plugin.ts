import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';

import { WorkspaceConnection } from '../model/connection';
import { IWorkspaceConnection } from '../tokens';

/** Keeps one connection to the workspace of the notebook in front. */
export const workspacePlugin: JupyterFrontEndPlugin<IWorkspaceConnection> = {
  id: 'jupyter-mlws:plugin',
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
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') {
        void connection.refresh();
      }
    });
    return connection;
  }
};

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
