import { JupyterFrontEnd } from '@jupyterlab/application';
import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon, stopIcon } from '@jupyterlab/ui-components';

import { ApiError, RunFile } from '../api';
import { workspaceIcon } from '../components/icons';
import { IWorkspaceConnection } from '../tokens';
import { RunDetailModel } from './detail';
import { createExample } from './example';
import { RunListModel } from './model';
import { canCancel } from './status';

export namespace CommandIDs {
  export const cancelRun = 'mlws:cancel-run';
  export const openExample = 'mlws:open-example';
  export const refresh = 'mlws:refresh';
  export const showPanel = 'mlws:show-panel';
}

export interface ICommandContext {
  app: JupyterFrontEnd;
  connection: IWorkspaceConnection;
  detail: RunDetailModel;
  panelId: string;
  runs: RunListModel;
  trans: TranslationBundle;
}

const NO_ARGUMENTS = { args: { type: 'object', properties: {} } } as const;

/** Add the commands about runs. */
export function addRunCommands(context: ICommandContext): void {
  const { app, trans, runs, detail } = context;

  app.commands.addCommand(CommandIDs.showPanel, {
    label: trans.__('Show ML Workspace'),
    icon: workspaceIcon,
    describedBy: NO_ARGUMENTS,
    execute: () => app.shell.activateById(context.panelId)
  });

  app.commands.addCommand(CommandIDs.refresh, {
    label: trans.__('Refresh ML Workspace'),
    icon: refreshIcon,
    describedBy: NO_ARGUMENTS,
    execute: async () => {
      await context.connection.refresh();
      runs.refresh();
      detail.refresh();
    }
  });

  app.commands.addCommand(CommandIDs.openExample, {
    label: trans.__('Open an Example of Running a Cell as a Job'),
    describedBy: NO_ARGUMENTS,
    execute: () => openExample(context)
  });

  app.commands.addCommand(CommandIDs.cancelRun, {
    label: trans.__('Cancel Selected Run'),
    icon: stopIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          run: {
            type: 'string',
            description: 'Id of the run; the selected one when left out'
          }
        }
      }
    },
    isEnabled: args =>
      typeof args.run === 'string' ||
      (detail.run !== null && canCancel(detail.run)),
    execute: args => cancelRun(context, args.run)
  });
}

async function openExample(context: ICommandContext): Promise<void> {
  const { app, connection, trans } = context;
  const path = await createExample(
    app.serviceManager.contents,
    PathExt.dirname(connection.document),
    trans.__(
      '# Your first run\n\nExecute both cells. The second one runs as a job: the kernel stays free, and the run with its chart appears in the left panel.'
    )
  );
  await app.commands.execute('docmanager:open', { path });
}

async function cancelRun(context: ICommandContext, id: unknown): Promise<void> {
  const { runs, detail, trans } = context;
  const run =
    runs.rows.find(row => row.run.id === id)?.run ??
    (id === undefined || id === detail.id ? detail.run : null);
  if (!run) {
    return;
  }
  const { button } = await showDialog({
    title: trans.__('Cancel run %1?', run.number),
    body:
      run.child_count > 0
        ? trans.__(
            'The run and its children are asked to stop, and are stopped after 10 seconds. What they logged and wrote so far is kept.'
          )
        : trans.__(
            'The run is asked to stop, and is stopped after 10 seconds. What it logged and wrote so far is kept.'
          ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Let it run') }),
      Dialog.warnButton({ label: trans.__('Cancel run') })
    ]
  });
  if (button.accept) {
    await telling(() => runs.cancel(run.id));
    detail.refresh();
  }
}

/** Fetch a file with the page's credentials and hand it to the browser. */
export async function downloadFile(
  detail: RunDetailModel,
  file: RunFile
): Promise<void> {
  await telling(async () => {
    const blob = new Blob([await detail.download(file)]);
    const url = URL.createObjectURL(blob);
    const link = document.createElement('a');
    link.href = url;
    link.download = PathExt.basename(file.name);
    link.click();
    // The browser takes the bytes after this turn of the event loop.
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  });
}

/** Do something for the user, and tell when it fails. */
async function telling(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof ApiError)) {
      throw error;
    }
    Notification.error(`${error.message} ${error.hint}`.trim());
  }
}
