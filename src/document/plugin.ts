import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { INotebookTracker, NotebookActions } from '@jupyterlab/notebook';

import { ExecutingCells } from './executing';
import { handOverDocuments } from './handover';

/** Answers a kernel that asks for its notebook as it is on screen. */
export const documentPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlws:document',
  description:
    'Hands over the open notebook for a snapshot, as it is on screen, without saving it.',
  autoStart: true,
  requires: [INotebookTracker],
  activate: (app: JupyterFrontEnd, notebooks: INotebookTracker): void => {
    const { contents, events, serverSettings } = app.serviceManager;
    handOverDocuments({
      cells: new ExecutingCells(NotebookActions),
      localPath: path => contents.localPath(path),
      notebooks,
      serverSettings,
      stream: events.stream
    });
  }
};
