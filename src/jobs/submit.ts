import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { TranslationBundle } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';

import { ApiError, FileSubmission, Run } from '../api';
import { escapeControls } from '../components/text';
import { IWorkspaceConnection } from '../tokens';
import { IFile, IJobFacts, isNotebook, readJobFacts } from './facts';
import { IJobChoice, JobForm, NO_CHOICE } from './JobForm';
import { readTyped, splitArguments } from './parameters';

export interface IJobContext {
  /** The workspace of a document. */
  resolve: (path: string) => Promise<{ id: string }>;
  connect: (workspace: string) => IWorkspaceConnection;
  onOpen: (workspace: string, run: Run) => void;
  /** What was chosen for a file before, in this page. */
  choices: Map<string, IJobChoice>;
  trans: TranslationBundle;
}

/**
 * Ask how a file shall run, and let the server submit it.
 *
 * @returns the run and its workspace; null when it was left
 * @throws ApiError where the file cannot be read
 */
export async function runFile(
  context: IJobContext,
  file: IFile
): Promise<{ workspace: string; run: Run } | null> {
  const { trans } = context;
  const workspace = (await context.resolve(file.path)).id;
  const connection = context.connect(workspace);
  const facts = await readJobFacts(connection, file);
  const name = escapeControls(PathExt.basename(file.path));
  let choice = known(context.choices.get(file.path) ?? NO_CHOICE, facts);
  let failure: ApiError | null = null;
  let problems: Readonly<Record<string, string>> = {};
  let key = UUID.uuid4();
  for (;;) {
    const form: JobForm = new JobForm({
      file,
      facts,
      choice,
      failure,
      problems,
      trans
    });
    const { button } = await showDialog({
      title: trans.__('Run %1 as a job', name),
      body: form,
      buttons: [
        Dialog.cancelButton(),
        Dialog.okButton({ label: trans.__('Run') })
      ],
      focusNodeSelector: '.jp-mlws-job input, .jp-mlws-job select'
    });
    choice = form.getValue();
    if (!button.accept) {
      return null;
    }
    const read = readTyped(trans, facts.parameters?.items ?? [], choice.typed);
    problems = read.problems;
    failure = null;
    if (Object.keys(problems).length > 0) {
      continue;
    }
    try {
      const run = await connection.request(
        'notebooks.submit',
        { workspace },
        wishOf(file, choice, read.values, key)
      );
      context.choices.set(file.path, choice);
      tell(context, workspace, run, name);
      return { workspace, run };
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      failure = error;
      // Without an answer nobody knows whether it began, and asking with the same key finds out.
      key = error.code === 'network' ? key : UUID.uuid4();
    }
  }
}

/** The wish as it travels. */
export function wishOf(
  file: IFile,
  choice: IJobChoice,
  parameters: Readonly<Record<string, unknown>>,
  key: string
): FileSubmission {
  const { compute, environment, experiment, name } = choice;
  const common = {
    path: file.path,
    compute,
    environment,
    experiment: experiment.trim(),
    name: name.trim(),
    key
  };
  return isNotebook(file.path)
    ? {
        ...common,
        parameters,
        document: file.document,
        document_id: file.documentId
      }
    : { ...common, arguments: splitArguments(choice.arguments) };
}

/** What was chosen before, as far as it can be chosen now. */
function known(choice: IJobChoice, facts: IJobFacts): IJobChoice {
  const { compute, environments } = facts;
  const isThere = compute.some(it => it.ready && it.name === choice.compute);
  return {
    ...choice,
    compute: isThere ? choice.compute : NO_CHOICE.compute,
    environment: environments.includes(choice.environment)
      ? choice.environment
      : NO_CHOICE.environment
  };
}

function tell(
  { onOpen, trans }: IJobContext,
  workspace: string,
  run: Run,
  name: string
): void {
  Notification.success(
    trans.__('Run %1 of %2 was submitted.', run.number, name),
    {
      autoClose: 8000,
      actions: [
        {
          label: trans.__('Open run'),
          callback: () => onOpen(workspace, run)
        }
      ]
    }
  );
}
