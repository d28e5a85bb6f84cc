import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { nullTranslator, TranslationBundle } from '@jupyterlab/translation';

import { ApiError, Deletion, RunLine } from '../api';
import { formatBytes } from '../components/format';
import { tellError } from '../components/telling';
import { DOMAIN } from '../components/translation';
import { IWorkspaceConnection } from '../tokens';
import { RunListModel } from './model';
import { isInteractive, isScriptChild } from './status';

/** Does what was decided about a run; a list shows it at once. */
export type IRunDoer = Pick<
  RunListModel,
  'cancel' | 'delete' | 'rerun' | 'restore' | 'update'
>;

/** What is needed to do something about a run. */
export interface IActionContext {
  connection: IWorkspaceConnection;
  runs: IRunDoer;
  trans: TranslationBundle;
}

const UNDO_MS = 20000;

/** Ask whether a run shall end, and ask for its end. */
export async function cancelRun(
  context: IActionContext,
  run: RunLine
): Promise<void> {
  const { runs, trans } = context;
  if (await confirmCancel(trans, run)) {
    await telling(() => runs.cancel(run.id));
  }
}

/** Say what becomes of a run that is canceled, and ask whether it shall be. */
export async function confirmCancel(
  trans: TranslationBundle,
  run: RunLine
): Promise<boolean> {
  const { button } = await showDialog({
    title: trans.__('Cancel run %1?', run.number),
    body: cancelText(trans, run),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Let it run') }),
      Dialog.warnButton({ label: trans.__('Cancel run') })
    ]
  });
  return button.accept;
}

/** What a cancellation does to a run of this kind. */
export function cancelText(trans: TranslationBundle, run: RunLine): string {
  if (isInteractive(run)) {
    return trans.__(
      'The run ends as canceled; the process that logs it goes on. What it logged and wrote so far is kept.'
    );
  }
  if (isScriptChild(run)) {
    return trans.__(
      'The run is marked as canceled; the script of its parent goes on. What it logged and wrote so far is kept.'
    );
  }
  return run.child_count > 0
    ? trans.__(
        'The run and its children are asked to stop, and are stopped after 10 seconds. What they logged and wrote so far is kept.'
      )
    : trans.__(
        'The run is asked to stop, and is stopped after 10 seconds. What it logged and wrote so far is kept.'
      );
}

/** Ask whether a run shall go into the trash, put it there, and offer to take it back. */
export async function deleteRun(
  context: IActionContext,
  run: RunLine
): Promise<void> {
  const { connection, runs, trans } = context;
  const bytes = await weigh(connection, run);
  const { button } = await showDialog({
    title: trans.__('Delete run %1?', run.number),
    body: deleteText(trans, run, bytes),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Keep it') }),
      Dialog.warnButton({ label: trans.__('Delete run') })
    ]
  });
  if (!button.accept) {
    return;
  }
  await telling(async () => {
    const gone = await runs.delete(run.id);
    Notification.info(deletedText(trans, run, gone), {
      autoClose: UNDO_MS,
      actions: [
        {
          label: trans.__('Undo'),
          callback: () => {
            void telling(async () => {
              await runs.restore(run.id);
            });
          }
        }
      ]
    });
  });
}

/** What a deletion takes and frees, and for how long it can be undone. */
export function deleteText(
  trans: TranslationBundle,
  run: RunLine,
  bytes: number | null
): string {
  const what =
    run.child_count > 0
      ? trans._n(
          'The run and its child go to the trash, from where they can be restored for 7 days.',
          'The run and its %1 children go to the trash, from where they can be restored for 7 days.',
          run.child_count
        )
      : trans.__(
          'The run goes to the trash, from where it can be restored for 7 days.'
        );
  const models = trans.__('Models that were registered from it stay.');
  const freed =
    bytes === null
      ? trans.__(
          'Then all files are removed; how much that frees is told when it is done.'
        )
      : trans.__(
          'Then its files are removed, which frees %1.',
          formatBytes(bytes)
        );
  return `${what} ${freed} ${models}`;
}

function deletedText(
  trans: TranslationBundle,
  run: RunLine,
  gone: Deletion
): string {
  const until = new Date(gone.until).toLocaleDateString();
  return gone.run_count > 1
    ? trans.__(
        'Run %1 and the %2 below it are in the trash until %3, when %4 are freed.',
        run.number,
        gone.run_count - 1,
        until,
        formatBytes(gone.size_bytes)
      )
    : trans.__(
        'Run %1 is in the trash until %2, when %3 are freed.',
        run.number,
        until,
        formatBytes(gone.size_bytes)
      );
}

/** Bytes that a deletion frees; null where the server cannot tell. */
async function weigh(
  connection: IWorkspaceConnection,
  run: RunLine
): Promise<number | null> {
  try {
    return (await connection.request('runs.weigh', { run: run.id })).size_bytes;
  } catch (error) {
    if (!(error instanceof ApiError)) {
      throw error;
    }
    return null;
  }
}

/** Fetch a file with the page's credentials and hand it to the browser. */
export async function downloadFile(
  name: string,
  read: () => Promise<ArrayBuffer>
): Promise<void> {
  await telling(async () => {
    const blob = new Blob([await read()]);
    const url = URL.createObjectURL(blob);
    const link = document.createElement('a');
    link.href = url;
    link.download = PathExt.basename(name);
    link.click();
    // The browser takes the bytes after this turn of the event loop.
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  });
}

/** Do something for the user, and tell in a sentence why when it fails. */
export async function telling(
  act: () => Promise<void>,
  trans: TranslationBundle = nullTranslator.load(DOMAIN)
): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof ApiError)) {
      throw error;
    }
    tellError(trans, error.sentences);
  }
}
