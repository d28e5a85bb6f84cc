import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';

import { ApiError, RunLine } from '../api';
import { formatBytes } from '../components/format';
import { tellError } from '../components/telling';
import { cancelRun, deleteRun, IActionContext } from './actions';
import { canCancel, canDelete, isOfOthers } from './status';
import { TagForm } from './TagForm';

const UNDO_MS = 20000;
/** So many requests are under way at a time. */
const AT_ONCE = 4;

/** Those of the runs whose end a person may ask for. */
export function cancelable(
  runs: readonly RunLine[],
  user: string
): readonly RunLine[] {
  return runs.filter(run => canCancel(run) && !isOfOthers(run, user));
}

/** Those of the runs that can go into the trash, each once: what lies below one of them goes with it. */
export function deletable(runs: readonly RunLine[]): readonly RunLine[] {
  const ids = new Set(runs.map(run => run.id));
  return runs.filter(
    run => canDelete(run) && !(run.parent_id && ids.has(run.parent_id))
  );
}

/** Ask whether runs shall end, and ask for their end. */
export async function cancelRuns(
  context: IActionContext,
  all: readonly RunLine[]
): Promise<void> {
  const { connection, runs, trans } = context;
  const some = cancelable(all, connection.info?.user ?? '');
  if (some.length < 2) {
    await Promise.all(some.map(run => cancelRun(context, run)));
    return;
  }
  const { button } = await showDialog({
    title: trans.__('Cancel %1 runs?', some.length),
    body: trans.__(
      '%1 are asked to stop, and are stopped after 10 seconds. What they logged and wrote so far is kept.%2',
      numbersOf(some),
      leftOut(
        trans,
        all.length - some.length,
        trans.__('has ended or is of somebody else')
      )
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Let them run') }),
      Dialog.warnButton({ label: trans.__('Cancel %1 runs', some.length) })
    ]
  });
  if (button.accept) {
    await forEach(trans, some, run => runs.cancel(run.id));
  }
}

/** Ask whether runs shall go into the trash, put them there, and offer to take them back. */
export async function deleteRuns(
  context: IActionContext,
  all: readonly RunLine[]
): Promise<void> {
  const { runs, trans } = context;
  const some = deletable(all);
  if (all.length < 2) {
    await Promise.all(some.map(run => deleteRun(context, run)));
    return;
  }
  const { button } = await showDialog({
    title: trans.__('Delete %1 runs?', some.length),
    body: await deleteText(context, some, all.length),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Keep them') }),
      Dialog.warnButton({ label: trans.__('Delete %1 runs', some.length) })
    ]
  });
  if (!button.accept) {
    return;
  }
  const gone = await forEach(trans, some, run => runs.delete(run.id));
  if (gone.length === 0) {
    return;
  }
  const ids = gone.map(([run]) => run);
  Notification.info(
    trans.__(
      '%1 runs are in the trash for 7 days, then at least %2 are freed.',
      gone.reduce((sum, [, { run_count }]) => sum + run_count, 0),
      formatBytes(gone.reduce((sum, [, it]) => sum + it.size_bytes, 0))
    ),
    {
      autoClose: UNDO_MS,
      actions: [
        {
          label: trans.__('Undo'),
          callback: () => {
            void forEach(trans, ids, run => runs.restore(run.id));
          }
        }
      ]
    }
  );
}

async function deleteText(
  { connection, trans }: IActionContext,
  some: readonly RunLine[],
  all: number
): Promise<string> {
  const weights = await gather(some, run =>
    connection.request('runs.weigh', { run: run.id })
  );
  const known = weights.flatMap(({ value }) => (value ? [value] : []));
  const count = known.reduce((sum, it) => sum + it.run_count, 0);
  const bytes = known.reduce((sum, it) => sum + it.size_bytes, 0);
  return trans.__(
    '%1 go to the trash, from where they can be restored for 7 days%2. Then their files are removed, which frees at least %3. Models that were registered from them stay.%4',
    numbersOf(some),
    count > some.length
      ? trans.__(' (with their children %1 runs)', count)
      : '',
    formatBytes(bytes),
    leftOut(
      trans,
      all - some.length,
      trans.__('has not ended, or goes with its parent')
    )
  );
}

/** Ask for a tag, and give it to runs. */
export async function tagRuns(
  { runs, trans }: IActionContext,
  some: readonly RunLine[]
): Promise<void> {
  const { button, value } = await showDialog({
    title:
      some.length === 1
        ? trans.__('Tag run %1', some[0].number)
        : trans.__('Tag %1 runs', some.length),
    body: new TagForm(trans),
    buttons: [
      Dialog.cancelButton(),
      Dialog.okButton({ label: trans.__('Tag') })
    ],
    focusNodeSelector: 'input'
  });
  if (button.accept && value && value.name !== '') {
    const tags = { [value.name]: value.value };
    await forEach(trans, some, run => runs.update(run.id, { tags }));
  }
}

const MOST_NUMBERS = 5;

/** `#12, #11 and #10`, or the first of them and how many more. */
function numbersOf(runs: readonly RunLine[]): string {
  const numbers = runs.slice(0, MOST_NUMBERS).map(run => `#${run.number}`);
  return runs.length > MOST_NUMBERS
    ? `${numbers.join(', ')} … (${runs.length})`
    : numbers.join(', ');
}

function leftOut(
  trans: TranslationBundle,
  count: number,
  reason: string
): string {
  return count === 0
    ? ''
    : ` ${trans._n('One is left out: it %2.', '%1 are left out: each %2.', count, reason)}`;
}

interface IOutcome<T> {
  run: RunLine;
  value: T | null;
  error: ApiError | null;
}

/** Ask for each run, a few at a time. */
async function gather<T>(
  runs: readonly RunLine[],
  ask: (run: RunLine) => Promise<T>
): Promise<IOutcome<T>[]> {
  const outcomes: IOutcome<T>[] = [];
  const waiting = [...runs];
  const work = async () => {
    for (let run = waiting.shift(); run; run = waiting.shift()) {
      try {
        outcomes.push({ run, value: await ask(run), error: null });
      } catch (error) {
        if (!(error instanceof ApiError)) {
          throw error;
        }
        outcomes.push({ run, value: null, error });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return outcomes;
}

/**
 * Do something with each run, and tell in one sentence what could not be done.
 *
 * @returns what came of those that could
 */
async function forEach<T>(
  trans: TranslationBundle,
  runs: readonly RunLine[],
  act: (run: RunLine) => Promise<T>
): Promise<[RunLine, T][]> {
  const outcomes = await gather(runs, act);
  const failed = outcomes.filter(({ error }) => error !== null);
  if (failed.length > 0) {
    const { run, error } = failed[0];
    const few = trans.__(
      '%1 of %2 runs are as they were.',
      failed.length,
      runs.length
    );
    tellError(trans, `${few} #${run.number}: ${error!.sentences}`);
  }
  return outcomes
    .filter(({ error }) => error === null)
    .map(({ run, value }) => [run, value as T]);
}
