import { TranslationBundle } from '@jupyterlab/translation';

import { cancelRun, deleteRun } from '../runs/actions';
import { RunAction } from '../runs/RunActions';
import { rerunRun } from '../runs/rerun';
import { RunView } from './view';

const ACTIONS = { cancel: cancelRun, delete: deleteRun, rerun: rerunRun };

/** Do something about the run of a view, after asking where that is due. */
export async function act(
  view: RunView,
  action: RunAction,
  trans: TranslationBundle
): Promise<void> {
  const { connection, detail, doer } = view;
  if (detail.run !== null) {
    await ACTIONS[action]({ connection, runs: doer, trans }, detail.run);
    if (!view.isDisposed) {
      detail.refresh();
    }
  }
}
