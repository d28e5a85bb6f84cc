import { JupyterFrontEnd } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import type { CodeCell } from '@jupyterlab/cells';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { Kernel } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';

import { runAsJobIcon } from '../components/icons';
import { escapeControls } from '../components/text';
import { makeReady } from '../kernels/code';
import { tellFailure } from '../kernels/failure';
import { CommandIDs as RunCommands } from '../runs/commands';
import { IWorkspaceConnection } from '../tokens';
import { Badges } from './badges';
import { hasCode } from './code';
import { submitCell } from './submit';

export namespace CommandIDs {
  export const openCellRun = 'mlws:open-cell-run';
  export const runCell = 'mlws:run-cell-as-job';
}

export interface ICellContext {
  app: JupyterFrontEnd;
  badges: (panel: NotebookPanel) => Badges | undefined;
  connection: IWorkspaceConnection;
  notebooks: INotebookTracker;
  /** Options of `%%submit` for cells that have none. */
  options: () => string;
  trans: TranslationBundle;
}

const NO_ARGUMENTS = { args: { type: 'object', properties: {} } } as const;

/** Add the commands about the cell in front. */
export function addCellCommands(
  context: ICellContext,
  palette: ICommandPalette | null
): void {
  const { app, badges, notebooks, trans } = context;
  const runOf = (panel: NotebookPanel | null) => {
    const cell = panel?.content.activeCell;
    return panel && cell
      ? (badges(panel)?.runs.of(cell.model.id) ?? null)
      : null;
  };
  app.commands.addCommand(CommandIDs.runCell, {
    label: trans.__('Run Cell as Job'),
    caption: trans.__(
      'Run this cell as it stands as a job; the kernel stays free, and the text of the cell is not touched'
    ),
    icon: runAsJobIcon,
    describedBy: NO_ARGUMENTS,
    isEnabled: () => codeCell(notebooks.currentWidget) !== null,
    execute: async () => {
      const panel = notebooks.currentWidget;
      const cell = codeCell(panel);
      if (panel && cell) {
        await runCell(context, panel, cell);
      }
    }
  });
  app.commands.addCommand(CommandIDs.openCellRun, {
    label: trans.__('Open Run of This Cell'),
    describedBy: NO_ARGUMENTS,
    isEnabled: () => runOf(notebooks.currentWidget) !== null,
    execute: async () => {
      const panel = notebooks.currentWidget;
      const run = runOf(panel);
      const workspace = panel && badges(panel)?.runs.workspace;
      if (run && workspace) {
        await app.commands.execute(RunCommands.openRun, {
          workspace,
          run: run.id
        });
      }
    }
  });
  for (const command of Object.values(CommandIDs)) {
    palette?.addItem({ command, category: trans.__('ML Workspace') });
  }
  const notify = () => {
    for (const command of Object.values(CommandIDs)) {
      app.commands.notifyCommandChanged(command);
    }
  };
  notebooks.activeCellChanged.connect(notify);
  notebooks.currentChanged.connect(notify);
}

/** The code cell that is active in a notebook. */
function codeCell(panel: NotebookPanel | null): CodeCell | null {
  const cell = panel?.content.activeCell;
  return cell?.model.type === 'code' ? (cell as CodeCell) : null;
}

const pending = new WeakSet<CodeCell>();

/** Submit a cell, once, however often that is asked for while the kernel is busy with something else. */
async function runCell(
  context: ICellContext,
  panel: NotebookPanel,
  cell: CodeCell
): Promise<void> {
  const { trans } = context;
  if (!hasCode(cell.model.sharedModel.getSource())) {
    Notification.info(trans.__('There is no code in this cell to run.'), {
      autoClose: 5000
    });
    return;
  }
  if (pending.has(cell)) {
    return;
  }
  pending.add(cell);
  try {
    const kernel = await kernelFor(context, panel);
    if (kernel === null || !(await getReady(context, panel, cell, kernel))) {
      return;
    }
    const { contents } = context.app.serviceManager;
    const document = contents.localPath(panel.context.path);
    await submitCell(panel, cell, context.options(), document);
    context.badges(panel)?.look();
  } finally {
    pending.delete(cell);
  }
}

/** The kernel of a notebook, if it can submit a cell; else it is said why not. */
async function kernelFor(
  { trans }: ICellContext,
  panel: NotebookPanel
): Promise<Kernel.IKernelConnection | null> {
  await panel.sessionContext.ready;
  const kernel = panel.sessionContext.session?.kernel ?? null;
  if (kernel === null) {
    Notification.warning(
      trans.__(
        'This notebook has no kernel, and a cell is submitted by one. Start a kernel, or run the whole notebook as a job.'
      ),
      { autoClose: false }
    );
    return null;
  }
  const spec = await kernel.spec;
  if (spec && spec.language !== 'python') {
    Notification.warning(
      trans.__(
        'A cell of a %1 notebook cannot run as a job by itself. Run the whole notebook as a job.',
        escapeControls(spec.display_name)
      ),
      { autoClose: false }
    );
    return null;
  }
  return kernel;
}

async function getReady(
  { connection, trans }: ICellContext,
  panel: NotebookPanel,
  cell: CodeCell,
  kernel: Kernel.IKernelConnection
): Promise<boolean> {
  // The kernel may be busy, and this is its queue.
  cell.model.executionState = 'running';
  try {
    const { path } = await connection.request('registry.far_side', {});
    await makeReady(kernel, path);
    return !cell.isDisposed;
  } catch (error) {
    if (!cell.isDisposed) {
      cell.model.executionState = 'idle';
    }
    tellFailure(trans, panel, error);
    return false;
  }
}
