import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';

import { ApiError, Experiment } from '../api';
import { formatBytes } from '../components/format';
import { telling } from '../runs/actions';
import { IWorkspaceConnection } from '../tokens';
import { DescriptionForm } from './DescriptionForm';
import { ExperimentsModel } from './model';

/** What is needed to do something about an experiment. */
export interface IExperimentContext {
  connection: IWorkspaceConnection;
  experiments: Pick<ExperimentsModel, 'leave' | 'refresh'>;
  trans: TranslationBundle;
}

const UNDO_MS = 20000;

/** Ask what an experiment is about, until the server takes it or nobody wants to say it any more. */
export async function describeExperiment(
  { connection, experiments, trans }: IExperimentContext,
  { name, description }: Experiment
): Promise<void> {
  let text = description;
  let failure: ApiError | null = null;
  for (;;) {
    const form: DescriptionForm = new DescriptionForm(
      trans.__('Description'),
      text,
      failure,
      trans
    );
    const { button } = await showDialog({
      title: trans.__('What is %1 about?', name),
      body: form,
      buttons: [
        Dialog.cancelButton(),
        Dialog.okButton({ label: trans.__('Save') })
      ],
      focusNodeSelector: 'textarea'
    });
    if (!button.accept) {
      return;
    }
    text = form.getValue().text;
    try {
      await connection.request(
        'experiments.update',
        { name },
        { description: text.trim() }
      );
      experiments.refresh();
      return;
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      failure = error;
    }
  }
}

/**
 * Put an experiment into the archive, or take it out, and offer the way back.
 *
 * @throws ApiError
 */
export async function archiveExperiment(
  context: IExperimentContext,
  { name }: Experiment,
  archived: boolean
): Promise<void> {
  const { connection, experiments, trans } = context;
  const put = async (archived: boolean) => {
    await connection.request('experiments.update', { name }, { archived });
    experiments.refresh();
  };
  await put(archived);
  if (archived) {
    Notification.info(
      trans.__(
        '%1 is archived: it takes no new runs, and those that it has stay as they are.',
        name
      ),
      {
        autoClose: UNDO_MS,
        actions: [
          {
            label: trans.__('Undo'),
            callback: () => void telling(() => put(false))
          }
        ]
      }
    );
  }
}

/**
 * Ask whether an experiment shall go into the trash with its runs, put it there, and offer to take it back.
 *
 * @throws ApiError
 */
export async function deleteExperiment(
  context: IExperimentContext,
  { name, run_count }: Experiment
): Promise<void> {
  const { connection, experiments, trans } = context;
  const { button } = await showDialog({
    title: trans.__('Delete experiment %1?', name),
    body: deleteText(trans, run_count),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Keep it') }),
      Dialog.warnButton({ label: trans.__('Delete experiment') })
    ]
  });
  if (!button.accept) {
    return;
  }
  const gone = await connection.request('experiments.delete', { name });
  experiments.leave(name);
  experiments.refresh();
  Notification.info(
    trans.__(
      '%1 is in the trash until %2, when %3 are freed.',
      name,
      new Date(gone.until).toLocaleDateString(),
      formatBytes(gone.size_bytes)
    ),
    {
      autoClose: UNDO_MS,
      actions: [
        {
          label: trans.__('Undo'),
          callback: () =>
            void telling(async () => {
              await connection.request('experiments.restore', { name });
              experiments.refresh();
            })
        }
      ]
    }
  );
}

/** What the deletion of an experiment takes, and for how long it can be undone. */
export function deleteText(trans: TranslationBundle, runs: number): string {
  const what =
    runs === 0
      ? trans.__(
          'The experiment goes to the trash, from where it can be restored for 7 days.'
        )
      : trans._n(
          'The experiment and its run go to the trash, from where they can be restored for 7 days.',
          'The experiment and its %1 runs go to the trash, from where they can be restored for 7 days.',
          runs
        );
  const files = trans.__(
    'Then all its files are removed; how much that frees is told when it is done.'
  );
  const models = trans.__('Models that were registered from its runs stay.');
  return runs === 0 ? what : `${what} ${files} ${models}`;
}
