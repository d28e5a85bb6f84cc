import { JupyterFrontEnd } from '@jupyterlab/application';
import { Clipboard } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { TranslationBundle } from '@jupyterlab/translation';
import {
  addIcon,
  copyIcon,
  deleteIcon,
  editIcon,
  newFolderIcon,
  refreshIcon,
  stopIcon,
  tagIcon
} from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { RunLine } from '../api';
import { afterActivation } from '../components/focus';
import { pinIcon, runAsJobIcon, workspaceIcon } from '../components/icons';
import { IWorkspaceConnection } from '../tokens';
import { registerModel } from '../models/register';
import { telling } from './actions';
import { createExample } from './example';
import { RunListModel } from './model';
import { rerunRun } from './rerun';
import { restoreSnapshot } from './restoring';
import {
  cancelable,
  cancelRuns,
  deletable,
  deleteRuns,
  tagRuns
} from './several';
import { canEdit, canRerun } from './status';

export namespace CommandIDs {
  export const cancelRun = 'mlws:cancel-run';
  export const compareRuns = 'mlws:compare-runs';
  export const copyRunId = 'mlws:copy-run-id';
  export const deleteRun = 'mlws:delete-run';
  export const editAndRerun = 'mlws:edit-and-rerun';
  export const openExample = 'mlws:open-example';
  /** Added with the pages, which know how. */
  export const openRun = 'mlws:open-run';
  export const pinRun = 'mlws:pin-run';
  export const refresh = 'mlws:refresh';
  export const registerModel = 'mlws:register-model';
  export const rerun = 'mlws:rerun';
  export const restoreSnapshot = 'mlws:restore-snapshot';
  export const showPanel = 'mlws:show-panel';
  export const tagRun = 'mlws:tag-run';
}

export interface ICommandContext {
  app: JupyterFrontEnd;
  connection: IWorkspaceConnection;
  panelId: string;
  runs: RunListModel;
  trans: TranslationBundle;
}

const NO_ARGUMENTS = { args: { type: 'object', properties: {} } } as const;

/** Add the commands about runs. */
export function addRunCommands(context: ICommandContext): void {
  const { app, trans, runs } = context;

  app.commands.addCommand(CommandIDs.showPanel, {
    label: args =>
      isCard(args) ? trans.__('ML Workspace') : trans.__('Show ML Workspace'),
    caption: trans.__('Runs, models, environments and compute'),
    icon: workspaceIcon,
    describedBy: NO_ARGUMENTS,
    execute: async () => {
      await afterActivation();
      app.shell.activateById(context.panelId);
    }
  });

  app.commands.addCommand(CommandIDs.refresh, {
    label: trans.__('Refresh ML Workspace'),
    icon: refreshIcon,
    describedBy: NO_ARGUMENTS,
    execute: async () => {
      await context.connection.refresh();
      runs.refresh();
    }
  });

  app.commands.addCommand(CommandIDs.openExample, {
    label: args =>
      isCard(args)
        ? trans.__('Example Job')
        : trans.__('Open an Example of Running a Cell as a Job'),
    caption: trans.__('A notebook whose second cell runs as a job'),
    icon: args => (args.isPalette ? undefined : runAsJobIcon),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          cwd: {
            type: 'string',
            description:
              'Folder of the new notebook; that of the document in front when left out'
          }
        }
      }
    },
    execute: args => openExample(context, args.cwd)
  });

  const user = () => context.connection.info?.user ?? '';
  addRunCommand(context, CommandIDs.cancelRun, {
    label: count =>
      count > 1 ? trans.__('Cancel %1 Runs…', count) : trans.__('Cancel Run…'),
    paletteLabel: trans.__('Cancel Selected Runs…'),
    icon: stopIcon,
    possible: some => cancelable(some, user()),
    act: cancelRuns
  });
  addRunCommand(context, CommandIDs.rerun, {
    label: () => trans.__('Re-run…'),
    paletteLabel: trans.__('Re-run Selected Run…'),
    icon: refreshIcon,
    possible: one(canRerun),
    act: (_, [run]) => rerunRun(context, run)
  });
  addRunCommand(context, CommandIDs.editAndRerun, {
    label: () => trans.__('Edit and Re-run…'),
    paletteLabel: trans.__('Re-run Selected Run with Other Parameters…'),
    icon: editIcon,
    possible: one(canEdit),
    act: (_, [run]) => rerunRun(context, run, true)
  });
  addRunCommand(context, CommandIDs.pinRun, {
    label: (count, some) => {
      const unpins = some.every(run => runs.isPinned(run.id));
      if (count > 1) {
        return unpins
          ? trans.__('Unpin %1 Runs', count)
          : trans.__('Pin %1 Runs on Top', count);
      }
      return unpins && count > 0
        ? trans.__('Unpin Run')
        : trans.__('Pin Run on Top');
    },
    paletteLabel: trans.__('Pin Selected Runs on Top, or Unpin Them'),
    icon: pinIcon,
    possible: some => some,
    act: async (_, some) => {
      const pins = !some.every(run => runs.isPinned(run.id));
      some.forEach(run => runs.pin(run.id, pins));
    }
  });
  addRunCommand(context, CommandIDs.compareRuns, {
    label: count =>
      count === 2 ? trans.__('Compare 2 Runs') : trans.__('Compare Two Runs'),
    paletteLabel: trans.__('Compare Two Selected Runs'),
    possible: some => (some.length === 2 ? some : []),
    act: async (_, some) => {
      const [before, run] = [...some].sort((a, b) => a.number - b.number);
      const args = { run: run.id, other: before.id, tab: 'compare' };
      await app.commands.execute(CommandIDs.openRun, args);
    }
  });
  addRunCommand(context, CommandIDs.restoreSnapshot, {
    label: () => trans.__('Restore Snapshot into a New Folder'),
    paletteLabel: trans.__('Restore Snapshot of Selected Run'),
    icon: newFolderIcon,
    possible: one(run => run.snapshot_id !== null),
    act: (_, [run]) => restoreSnapshot(context, run, app.commands)
  });
  addRunCommand(context, CommandIDs.registerModel, {
    label: () => trans.__('Register Model…'),
    paletteLabel: trans.__('Register Model from Selected Run…'),
    icon: addIcon,
    possible: one(() => true),
    act: (_, [run]) => telling(() => registerModel(context, run))
  });
  addRunCommand(context, CommandIDs.tagRun, {
    label: count =>
      count > 1 ? trans.__('Tag %1 Runs…', count) : trans.__('Tag Run…'),
    paletteLabel: trans.__('Tag Selected Runs…'),
    icon: tagIcon,
    possible: some => some,
    act: tagRuns
  });
  addRunCommand(context, CommandIDs.copyRunId, {
    label: count =>
      count > 1 ? trans.__('Copy Run IDs') : trans.__('Copy Run ID'),
    paletteLabel: trans.__('Copy IDs of Selected Runs'),
    icon: copyIcon,
    possible: some => some,
    act: async (_, some) =>
      Clipboard.copyToSystem(some.map(run => run.id).join('\n'))
  });
  addRunCommand(context, CommandIDs.deleteRun, {
    label: count =>
      count > 1 ? trans.__('Delete %1 Runs…', count) : trans.__('Delete Run…'),
    paletteLabel: trans.__('Delete Selected Runs…'),
    icon: deleteIcon,
    possible: deletable,
    act: deleteRuns
  });
}

interface IRunCommand {
  /** What it is called for so many runs. */
  label: (count: number, runs: readonly RunLine[]) => string;
  paletteLabel: string;
  icon?: CommandRegistry.ICommandOptions['icon'];
  /** Those of the runs with which it can be done. */
  possible: (runs: readonly RunLine[]) => readonly RunLine[];
  act: (context: ICommandContext, runs: readonly RunLine[]) => Promise<void>;
}

/** What can be done with one run alone. */
function one(isPossible: (run: RunLine) => boolean): IRunCommand['possible'] {
  return runs => (runs.length === 1 ? runs.filter(isPossible) : []);
}

/** Add a command about runs: the one that is named, else the selected ones. */
function addRunCommand(
  context: ICommandContext,
  id: string,
  command: IRunCommand
): void {
  context.app.commands.addCommand(id, {
    label: args => {
      const runs = runsOf(context, args.run);
      return args.isPalette
        ? command.paletteLabel
        : command.label(runs.length, runs);
    },
    icon: command.icon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          run: {
            type: 'string',
            description: 'Id of the run; the selected ones when left out'
          }
        }
      }
    },
    isEnabled: args => command.possible(runsOf(context, args.run)).length > 0,
    execute: async args => {
      const runs = runsOf(context, args.run);
      if (command.possible(runs).length > 0) {
        await command.act(context, runs);
      }
    }
  });
}

function runsOf({ runs }: ICommandContext, id: unknown): readonly RunLine[] {
  const several = runs.selection;
  const ids =
    typeof id === 'string'
      ? [id]
      : several.length > 0
        ? several
        : [runs.selected ?? ''];
  return ids.flatMap(it => runs.find(it) ?? []);
}

/** Commands of the menu that a line of the list opens, in groups. */
export const CONTEXT_MENU: readonly (readonly string[])[] = [
  [CommandIDs.openRun, CommandIDs.compareRuns, CommandIDs.pinRun],
  [CommandIDs.cancelRun, CommandIDs.rerun, CommandIDs.editAndRerun],
  [CommandIDs.registerModel, CommandIDs.restoreSnapshot],
  [CommandIDs.tagRun, CommandIDs.copyRunId],
  [CommandIDs.deleteRun]
];

/** Whether a command is shown as a card of the launcher, which names the folder that it is for. */
function isCard(args: ReadonlyPartialJSONObject): boolean {
  return args.cwd !== undefined;
}

async function openExample(
  context: ICommandContext,
  folder: unknown
): Promise<void> {
  const { app, connection, trans } = context;
  const path = await createExample(
    app.serviceManager.contents,
    typeof folder === 'string' ? folder : PathExt.dirname(connection.document),
    trans.__(
      '# Your first run\n\nExecute both cells. The second one runs as a job: the kernel stays free, and the run with its chart appears in the left panel.'
    )
  );
  await app.commands.execute('docmanager:open', { path });
}
