import type { INotebookContent } from '@jupyterlab/nbformat';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { Event, ServerConnection } from '@jupyterlab/services';
import { IStream } from '@lumino/signaling';

import { ApiError, Document, request } from '../api';
import { ExecutingCells } from './executing';

/** What the id of the event's schema begins with; its version follows. */
const REQUEST_SCHEMA = 'https://events.jupyter-mlws.org/document-request/';

export interface IHandoverOptions {
  cells: ExecutingCells;
  /** A path without the name of its drive. */
  localPath: (path: string) => string;
  notebooks: INotebookTracker;
  serverSettings: ServerConnection.ISettings;
  stream: IStream<unknown, Event.Emission>;
}

interface IRequestEvent {
  request: string;
  kernel_id: string;
}

/**
 * Answer, as long as the page lives, the question of a kernel for its notebook. The file on disk is never touched.
 */
export function handOverDocuments(options: IHandoverOptions): void {
  options.stream.connect((_, emission) => {
    if (!emission.schema_id.startsWith(REQUEST_SCHEMA)) {
      return;
    }
    const event = emission as unknown as IRequestEvent;
    const panel = options.notebooks.find(
      it => it.sessionContext.session?.kernel?.id === event.kernel_id
    );
    if (panel) {
      void answer(options, event.request, documentOf(options, panel));
    }
  });
}

async function answer(
  options: IHandoverOptions,
  id: string,
  document: Document
): Promise<void> {
  try {
    await request(
      { settings: options.serverSettings },
      'documents.answer',
      { request: id },
      document
    );
  } catch (error) {
    // Too late, or another tab was faster: the kernel goes on with the saved file and says so.
    if (!(error instanceof ApiError)) {
      throw error;
    }
  }
}

function documentOf(options: IHandoverOptions, panel: NotebookPanel): Document {
  const { id, text } = onScreen(panel);
  const cell =
    options.cells.of(panel.content) ?? panel.content.activeCell?.model.id;
  return {
    path: options.localPath(panel.context.path),
    text,
    document_id: id,
    cell_id: cell ?? '',
    answered: true
  };
}

/** A notebook as it is on the screen without its outputs, and its identity, '' when it has none. */
export function onScreen(panel: NotebookPanel): { id: string; text: string } {
  const notebook = panel.context.model.toJSON() as unknown as INotebookContent;
  const { id } = notebook.metadata;
  return {
    id: typeof id === 'string' ? id : '',
    text: JSON.stringify(withoutOutputs(notebook))
  };
}

/** A snapshot holds no outputs, so megabytes of them need not travel. */
export function withoutOutputs(notebook: INotebookContent): INotebookContent {
  const cells = notebook.cells.map(cell =>
    cell.cell_type === 'code'
      ? { ...cell, outputs: [], execution_count: null }
      : cell
  );
  return { ...notebook, cells };
}
