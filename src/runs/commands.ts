import { JupyterFrontEnd } from '@jupyterlab/application';
import { Clipboard } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { TranslationBundle } from '@jupyterlab/translation';
import {
  copyIcon,
  deleteIcon,
  refreshIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';

import { Run } from '../api';
import { workspaceIcon } from '../components/icons';
import { IWorkspaceConnection } from '../tokens';
import { cancelRun, deleteRun } from './actions';
import { RunDetailModel } from './detail';
import { createExample } from './example';
import { RunListModel } from './model';
import { rerunRun } from './rerun';
import { canCancel, canDelete, canRerun } from './status';

export namespace CommandIDs {
  export const cancelRun = 'mlws:cancel-run';
  export const copyRunId = 'mlws:copy-run-id';
  export const deleteRun = 'mlws:delete-run';
  export const openExample = 'mlws:open-example';
  /** Added with the pages, which know how. */
  export const openRun = 'mlws:open-run';
  export const refresh = 'mlws:refresh';
  export const rerun = 'mlws:rerun';
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

  addRunCommand(context, CommandIDs.cancelRun, {
    label: trans.__('Cancel Run'),
    paletteLabel: trans.__('Cancel Selected Run'),
    icon: stopIcon,
    isPossible: canCancel,
    act: cancelRun
  });
  addRunCommand(context, CommandIDs.rerun, {
    label: trans.__('Re-run…'),
    paletteLabel: trans.__('Re-run Selected Run…'),
    icon: refreshIcon,
    isPossible: canRerun,
    act: rerunRun
  });
  addRunCommand(context, CommandIDs.copyRunId, {
    label: trans.__('Copy Run ID'),
    paletteLabel: trans.__('Copy ID of Selected Run'),
    icon: copyIcon,
    isPossible: () => true,
    act: async (_, run) => Clipboard.copyToSystem(run.id)
  });
  addRunCommand(context, CommandIDs.deleteRun, {
    label: trans.__('Delete Run…'),
    paletteLabel: trans.__('Delete Selected Run…'),
    icon: deleteIcon,
    isPossible: canDelete,
    act: deleteRun
  });
}

interface IRunCommand {
  label: string;
  paletteLabel: string;
  icon: CommandRegistry.ICommandOptions['icon'];
  isPossible: (run: Run) => boolean;
  act: (context: ICommandContext, run: Run) => Promise<void>;
}

/** Add a command about one run: the one that is named, else the selected one. */
function addRunCommand(
  context: ICommandContext,
  id: string,
  command: IRunCommand
): void {
  context.app.commands.addCommand(id, {
    label: args => (args.isPalette ? command.paletteLabel : command.label),
    icon: command.icon,
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
    isEnabled: args => {
      const run = runOf(context, args.run);
      return run !== null && command.isPossible(run);
    },
    execute: async args => {
      const run = runOf(context, args.run);
      if (run !== null) {
        await command.act(context, run);
      }
    }
  });
}

function runOf(context: ICommandContext, id: unknown): Run | null {
  const { runs, detail } = context;
  const wanted = typeof id === 'string' ? id : runs.selected;
  return wanted === null
    ? null
    : (runs.find(wanted) ?? (wanted === detail.id ? detail.run : null));
}

/** Commands of the menu that a line of the list opens, in groups. */
export const CONTEXT_MENU: readonly (readonly string[])[] = [
  [CommandIDs.openRun],
  [CommandIDs.cancelRun, CommandIDs.rerun, CommandIDs.copyRunId],
  [CommandIDs.deleteRun]
];

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
