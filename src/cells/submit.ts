import type { CodeCell } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { OutputArea } from '@jupyterlab/outputarea';
import { Kernel } from '@jupyterlab/services';

import { asJob } from './code';

/**
 * Let a kernel, which knows the magics, submit a cell as it stands. Its text is not touched; the run's card is its
 * output.
 *
 * @param options those of `%%submit`, for a cell that has none of its own
 * @param document path of the notebook without the name of a drive, for a kernel that does not know it
 */
export async function submitCell(
  panel: NotebookPanel,
  cell: CodeCell,
  options: string,
  document: string
): Promise<void> {
  const { model, outputArea } = cell;
  const { code, shown } = asJob(model.sharedModel.getSource(), options);
  // As `CodeCell.execute` does it, which would send the text of the cell.
  model.sharedModel.transact(
    () => {
      model.clearExecution();
      cell.outputHidden = false;
    },
    false,
    'silent-change'
  );
  model.deleteMetadata('execution');
  model.executionState = 'running';
  model.trusted = true;
  const answered = OutputArea.execute(code, outputArea, panel.sessionContext, {
    ...model.metadata,
    cellId: model.sharedModel.getId(),
    mlws: { document, ...(shown === null ? {} : { cell: shown }) }
  });
  const { future } = outputArea;
  try {
    const reply = await answered;
    if (reply && !cell.isDisposed) {
      model.executionCount = reply.content.execution_count;
    }
  } catch (error) {
    if (!cell.isDisposed && outputArea.future === future) {
      model.executionState = 'idle';
    }
    // The kernel was restarted or stopped before it came to this cell, which Lab shows by itself.
    if (!wasCanceled(error)) {
      throw error;
    }
  }
}

function wasCanceled(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Canceled');
}

/** Whether a kernel could be asked now or later. */
export function canBeAsked(
  kernel: Kernel.IKernelConnection | null
): kernel is Kernel.IKernelConnection {
  return kernel !== null && kernel.status !== 'dead' && !kernel.isDisposed;
}
