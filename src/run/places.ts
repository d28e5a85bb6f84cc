import type { NotebookPanel } from '@jupyterlab/notebook';
import type { CommandRegistry } from '@lumino/commands';

import { Run } from '../api';

/** Open the notebook that a run was submitted from, and go to its cell where that is still there. */
export async function openCell(
  commands: CommandRegistry,
  run: Run
): Promise<void> {
  const { document, cell_id } = run.source;
  const widget: unknown = await commands.execute('docmanager:open', {
    path: document
  });
  if (cell_id === '' || !isNotebook(widget)) {
    return;
  }
  await widget.context.ready;
  await widget.revealed;
  const { content } = widget;
  const index = content.widgets.findIndex(it => it.model.id === cell_id);
  if (index >= 0) {
    content.activeCellIndex = index;
    await content.scrollToItem(index, 'smart');
  }
}

function isNotebook(widget: unknown): widget is NotebookPanel {
  const content = (widget as Partial<NotebookPanel> | undefined)?.content;
  return Array.isArray(content?.widgets);
}
