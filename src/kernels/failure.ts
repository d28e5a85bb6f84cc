import { NotebookActions, NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';

import { tellError } from '../components/telling';
import { INSTALL } from './code';

/** Tell why a kernel cannot submit; where installing the package helps, offer the line that does. */
export function tellFailure(
  trans: TranslationBundle,
  panel: NotebookPanel,
  error: unknown
): void {
  const words = error instanceof Error ? error.message : String(error);
  const actions = words.includes(INSTALL)
    ? [
        {
          label: trans.__('Put the line above this cell'),
          callback: () => insertInstall(panel)
        }
      ]
    : [];
  tellError(trans, words, actions);
}

/** The line in a cell of its own, for a person to read and to execute. */
function insertInstall(panel: NotebookPanel): void {
  if (!panel.isDisposed) {
    NotebookActions.insertAbove(panel.content);
    panel.content.activeCell?.model.sharedModel.setSource(INSTALL);
  }
}
