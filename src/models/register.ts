import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';

import { ApiError, RunFile, RunLine } from '../api';
import { escapeControls } from '../components/text';
import { IWorkspaceConnection } from '../tokens';
import { IRegisterChoice, RegisterForm } from './RegisterForm';

/** What is needed to register a model. */
export interface IRegisterContext {
  connection: IWorkspaceConnection;
  trans: TranslationBundle;
}

/** Files that look like a model are offered first. */
const MODELS =
  /\.(pkl|pickle|joblib|pt|pth|ckpt|safetensors|onnx|h5|keras|pb|tflite|cbm|bst|gguf|bin|model)$/i;

/**
 * Ask which of a run's outputs is a model and what it is called, and register it.
 *
 * @param path - the output that is offered first
 * @throws ApiError where the files of the run cannot be read
 */
export async function registerModel(
  { connection, trans }: IRegisterContext,
  run: Pick<RunLine, 'id' | 'number' | 'experiment'>,
  path?: string
): Promise<void> {
  const [files, models] = await Promise.all([
    connection.request('files.list', { run: run.id, kind: 'output' }),
    connection.request('models.list', { limit: 100 })
  ]);
  const paths = pathsOf(files.items);
  if (paths.length === 0) {
    Notification.warning(
      trans.__(
        'Run %1 left no files: a model is made of what a run writes into outputs/.',
        run.number
      ),
      { autoClose: 8000 }
    );
    return;
  }
  const names = [...new Set(models.items.map(model => model.name))];
  let choice: IRegisterChoice = {
    name: run.experiment,
    path: path ?? paths[0],
    description: ''
  };
  let failure: ApiError | null = null;
  let key = UUID.uuid4();
  for (;;) {
    const form: RegisterForm = new RegisterForm({
      paths,
      names,
      choice,
      failure,
      trans
    });
    const { button } = await showDialog({
      title: trans.__('Register a model from run %1', run.number),
      body: form,
      buttons: [
        Dialog.cancelButton(),
        Dialog.okButton({ label: trans.__('Register') })
      ],
      focusNodeSelector: 'input'
    });
    if (!button.accept) {
      return;
    }
    choice = form.getValue();
    try {
      const model = await connection.request(
        'models.register',
        {},
        { ...choice, run_id: run.id, key }
      );
      Notification.success(
        escapeControls(
          trans.__(
            '%1 version %2 is made of run %3.',
            model.name,
            model.version,
            run.number
          )
        ),
        { autoClose: 8000 }
      );
      return;
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      failure = error;
      // Without an answer nobody knows whether it was made, and asking with the same key finds out.
      key = error.code === 'network' ? key : UUID.uuid4();
    }
  }
}

/** Whether a file's name says that a model is in it. */
export function looksLikeModel(name: string): boolean {
  return MODELS.test(name);
}

/** What of a run's files a model may be made: those that look like one first, then the others, then their folders. */
export function pathsOf(files: readonly RunFile[]): string[] {
  const names = files.map(file => file.name).sort();
  const likely = names.filter(looksLikeModel);
  const folders = new Set<string>();
  for (const name of names) {
    for (let at = name.indexOf('/'); at > 0; at = name.indexOf('/', at + 1)) {
      folders.add(name.slice(0, at));
    }
  }
  return [...new Set([...likely, ...names]), ...folders];
}
