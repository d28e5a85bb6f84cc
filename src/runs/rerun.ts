import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { UUID } from '@lumino/coreutils';

import {
  ApiError,
  Compute,
  CURATED,
  KERNEL,
  Reproducibility,
  Rerun,
  RunLine
} from '../api';
import { idOf } from '../environments/packages';
import { IWorkspaceConnection } from '../tokens';
import { IActionContext } from './actions';
import { RerunForm } from './RerunForm';
import { canEdit } from './status';

/** What a person may choose from, and what is known of the run, before it is done again. */
export interface IRerunFacts {
  readonly record: Reproducibility | null;
  readonly compute: readonly Compute[];
  /** References of environments beside that of the run. */
  readonly environments: readonly string[];
  /** Names of secrets that the workspace keeps, and gives to whoever names them. */
  readonly kept: readonly string[];
}

/** What was chosen: null for as it was. */
export interface IRerunChoice {
  readonly environment: string | null;
  readonly compute: string | null;
  /** Values of parameters that shall be others. */
  readonly params: Readonly<Record<string, string>>;
  /** Values by the names of secrets, or the options of masked arguments. */
  readonly secrets: Readonly<Record<string, string>>;
}

const AS_IT_WAS: IRerunChoice = {
  environment: null,
  compute: null,
  params: {},
  secrets: {}
};

/**
 * Do a run again: same snapshot, command, parameters and inputs. What cannot be the same is said before, and what was
 * never stored is asked for.
 *
 * @param edits - whether it is about other values of its parameters
 */
export async function rerunRun(
  context: IActionContext,
  run: RunLine,
  edits = false
): Promise<void> {
  const { runs, trans } = context;
  const facts = await readFacts(context.connection, run);
  let names = facts.record?.secrets ?? [];
  let choice = AS_IT_WAS;
  let failure: ApiError | null = null;
  let key = UUID.uuid4();
  for (;;) {
    const form: RerunForm = new RerunForm({
      run,
      facts,
      params: canEdit(run) ? Object.keys(run.params) : [],
      edits,
      names,
      choice,
      failure,
      trans
    });
    const { button } = await showDialog({
      title: edits
        ? trans.__('Do run %1 again with other parameters', run.number)
        : trans.__('Do run %1 again?', run.number),
      body: form,
      buttons: [
        Dialog.cancelButton({ label: trans.__('Leave it') }),
        Dialog.okButton({ label: trans.__('Run again') })
      ],
      focusNodeSelector: edits || names.length > 0 ? 'input' : undefined
    });
    if (!button.accept) {
      return;
    }
    choice = form.getValue();
    try {
      const again = await runs.rerun(run.id, wishOf(choice, key, run));
      Notification.success(
        trans.__('Run %1 does run %2 again.', again.number, run.number),
        { autoClose: 5000 }
      );
      return;
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      failure = error;
      names = [...new Set([...names, ...missingOf(error)])];
      // Without an answer nobody knows whether it began, and asking with the same key finds out.
      key = error.code === 'network' ? key : UUID.uuid4();
    }
  }
}

/** The wish as it travels: what was left as it was is not in it, nor a secret that was left empty. */
export function wishOf(
  choice: IRerunChoice,
  key: string,
  run: Pick<RunLine, 'params'>
): Rerun {
  const params = Object.entries(choice.params).filter(
    ([name, value]) => value !== run.params[name]
  );
  const secrets = Object.entries(choice.secrets).filter(
    ([, value]) => value !== ''
  );
  return {
    key,
    ...(choice.environment === null ? {} : { environment: choice.environment }),
    ...(choice.compute === null ? {} : { compute_target: choice.compute }),
    ...(params.length > 0 ? { params: Object.fromEntries(params) } : {}),
    ...(secrets.length > 0 ? { secrets: Object.fromEntries(secrets) } : {})
  };
}

/** Names of what the server wants to be given. */
function missingOf(error: ApiError): string[] {
  const { secrets } = error.details;
  return Array.isArray(secrets)
    ? secrets.filter(name => typeof name === 'string')
    : [];
}

/** What cannot be read is left out: the run may be done again all the same. */
async function readFacts(
  connection: IWorkspaceConnection,
  run: RunLine
): Promise<IRerunFacts> {
  const [record, compute, environments, kept] = await Promise.all([
    unlessRefused(
      connection.request('runs.reproducibility', { run: run.id }),
      null
    ),
    unlessRefused(
      connection.request('compute.list', {}).then(page => page.items),
      []
    ),
    unlessRefused(readEnvironments(connection), []),
    unlessRefused(
      connection
        .request('secrets.list', {})
        .then(page => page.items.map(secret => secret.name)),
      []
    )
  ]);
  const own = record?.environment ?? '';
  return {
    record,
    compute,
    kept,
    environments: [
      ...new Set([KERNEL, ...(own ? [own] : []), ...environments])
    ].filter(it => it !== run.environment)
  };
}

/** The newest version of each name, and what is shipped. */
export async function readEnvironments(
  connection: IWorkspaceConnection
): Promise<string[]> {
  const { items } = await connection.request('environments.list', {
    limit: 500
  });
  const newest = new Map<string, string>();
  for (const item of items) {
    // What another kernel had installed is of no use to this run.
    if (!newest.has(item.name) && item.name !== KERNEL) {
      newest.set(item.name, idOf(item));
    }
  }
  for (const name of CURATED) {
    if (!newest.has(name)) {
      newest.set(name, name);
    }
  }
  return [...newest.values()].sort();
}

export async function unlessRefused<T, U>(
  asked: Promise<T>,
  otherwise: U
): Promise<T | U> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof ApiError)) {
      throw error;
    }
    return otherwise;
  }
}
