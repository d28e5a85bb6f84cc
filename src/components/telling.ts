import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';

import { escapeControls } from './text';

/** JupyterLab cuts off what a message says beyond so many letters. */
const MOST_LETTERS = 140;

/** So long a message of what went wrong is on top; then it is where JupyterLab keeps its messages, behind the bell. */
const SHOWN_MS = 20000;

/** Show what went wrong; a text that JupyterLab would cut off can be read as a whole. */
export function tellError(
  trans: TranslationBundle,
  text: string,
  actions: readonly Notification.IAction[] = []
): void {
  const shown = escapeControls(text);
  const readAll: Notification.IAction = {
    label: trans.__('Read all'),
    callback: () =>
      void showDialog({
        title: trans.__('ML Workspace'),
        body: shown,
        buttons: [Dialog.okButton({ label: trans.__('Close') })]
      })
  };
  Notification.error(shown, {
    autoClose: SHOWN_MS,
    actions: shown.length > MOST_LETTERS ? [readAll, ...actions] : [...actions]
  });
}
