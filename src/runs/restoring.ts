import { Notification } from '@jupyterlab/apputils';
import { CommandRegistry } from '@lumino/commands';

import { RunLine } from '../api';
import { escapeControls } from '../components/text';
import { IActionContext, telling } from './actions';

/** Beside a document that is not there means: in the folder that the file browser begins with. */
const NOWHERE = 'untitled.ipynb';

/**
 * Put the files that a run began with into a new folder beside the notebook in front, and offer to show it.
 */
export async function restoreSnapshot(
  { connection, trans }: IActionContext,
  run: RunLine,
  commands: CommandRegistry
): Promise<void> {
  await telling(async () => {
    const { path, file_count } = await connection.request(
      'copies.put_snapshot',
      { workspace: connection.info?.id ?? '' },
      { run: run.id, beside: connection.document || NOWHERE }
    );
    Notification.success(
      escapeControls(
        trans._n(
          'One file of run %2 is in %3.',
          '%1 files of run %2 are in %3.',
          file_count,
          run.number,
          path
        )
      ),
      {
        autoClose: 8000,
        actions: [
          {
            label: trans.__('Show'),
            callback: () => {
              void commands.execute('filebrowser:go-to-path', { path });
            }
          }
        ]
      }
    );
  });
}
