import { Dialog, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';

import { Secret } from '../api';
import { escapeControls } from '../components/text';
import { ListModel } from '../model/list';
import { IWorkspaceConnection } from '../tokens';

/** What is needed to do something about a secret. */
export interface ISecretContext {
  connection: IWorkspaceConnection;
  secrets: ListModel<Secret>;
  trans: TranslationBundle;
}

/**
 * Keep a secret under a name; one that has the name is replaced.
 *
 * @throws ApiError
 */
export async function addSecret(
  context: ISecretContext,
  name: string,
  value: string
): Promise<void> {
  await context.connection.request('secrets.set', { name }, { value });
  context.secrets.refresh();
}

/**
 * Ask whether a secret shall go, and remove it: there is no way back.
 *
 * @throws ApiError
 */
export async function deleteSecret(
  context: ISecretContext,
  { name }: Secret
): Promise<void> {
  const { connection, secrets, trans } = context;
  const { button } = await showDialog({
    title: trans.__('Delete secret %1?', escapeControls(name)),
    body: trans.__(
      'Its value is gone for good. Runs that were handed it go on; those to come that name it will ask for it.'
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Keep it') }),
      Dialog.warnButton({ label: trans.__('Delete secret') })
    ]
  });
  if (button.accept) {
    await connection.request('secrets.delete', { name });
    secrets.refresh();
  }
}
