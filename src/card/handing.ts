import { Notification } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import {
  INotebookTracker,
  NotebookActions,
  NotebookPanel
} from '@jupyterlab/notebook';
import { Contents, ServerConnection } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';

import { Run, RunFile } from '../api';
import { escapeControls, pythonLiteral } from '../components/text';
import { CardModel } from './model';

/** The notebook that an element lies in. */
export function notebookOf(
  notebooks: INotebookTracker | null,
  node: Node
): NotebookPanel | null {
  return notebooks?.find(panel => panel.node.contains(node)) ?? null;
}

/**
 * Whether the file of a notebook is another one than the page knows, as when it is open on two screens, or may be so. A
 * change that nobody made on this one would have JupyterLab ask there, at the next autosave, which of the two counts.
 */
export async function isBehind(
  contents: Contents.IManager,
  { context }: NotebookPanel
): Promise<boolean> {
  if (context.model.collaborative) {
    return false; // all pages have one document
  }
  const known = context.contentsModel;
  try {
    const file = await contents.get(context.path, {
      content: false,
      hash: true
    });
    return known?.hash && file.hash
      ? known.hash !== file.hash
      : known?.last_modified !== file.last_modified;
  } catch (error) {
    if (error instanceof ServerConnection.ResponseError) {
      // Where there is no file any more, none is behind; of one that cannot be read nobody knows.
      return error.response.status !== 404;
    }
    if (error instanceof ServerConnection.NetworkError) {
      return true;
    }
    throw error;
  }
}

/**
 * Put a copy of a file that a run left into the folder of a notebook, and say where it is.
 *
 * @throws ApiError
 */
export async function copyBeside(
  trans: TranslationBundle,
  { connection, id: run, workspace }: CardModel,
  file: RunFile,
  notebook: NotebookPanel
): Promise<void> {
  const { path } = await connection.request(
    'copies.put_file',
    { workspace },
    { run, name: file.name, kind: file.kind, beside: notebook.context.path }
  );
  Notification.success(
    trans.__('Copied to %1.', escapeControls(PathExt.basename(path))),
    { autoClose: 5000 }
  );
}

/** The line that gives a value which the cell of a run assigned. */
export function lineFor(run: Run, name: string): string {
  return `mlws.run(${run.number})[${pythonLiteral(name)}]`;
}

/**
 * Put a line that gives a value of the run into a new cell below the one whose output `node` is. Nothing is run, and no
 * name of the kernel is bound by it.
 */
export function useBelow(
  notebook: NotebookPanel,
  node: Node,
  run: Run,
  name: string
): void {
  const { content } = notebook;
  const index = content.widgets.findIndex(cell => cell.node.contains(node));
  if (index < 0) {
    return;
  }
  content.activeCellIndex = index;
  content.deselectAll();
  NotebookActions.insertBelow(content);
  content.activeCell?.model.sharedModel.setSource(lineFor(run, name));
  content.mode = 'edit';
}
