import { Compute, KERNEL, NotebookParameters } from '../api';
import { readEnvironments, unlessRefused } from '../runs/rerun';
import { IWorkspaceConnection } from '../tokens';

/** A file of the server that shall run. */
export interface IFile {
  readonly path: string;
  /** JSON of a notebook as it is on the screen, '' for the file as it was saved. */
  readonly document: string;
  readonly documentId: string;
  /** Whether it is open with changes that the run will not have. */
  readonly hasUnsavedChanges: boolean;
}

/** What a person may choose from before a file runs. */
export interface IJobFacts {
  /** Null for a script. */
  readonly parameters: NotebookParameters | null;
  readonly compute: readonly Compute[];
  readonly environments: readonly string[];
  readonly experiments: readonly string[];
}

export function isNotebook(path: string): boolean {
  return path.endsWith('.ipynb');
}

export function isScript(path: string): boolean {
  return path.endsWith('.py');
}

/**
 * What can be chosen for a file. Without lists to choose from it can run all the same; without its parameters it cannot.
 *
 * @throws ApiError
 */
export async function readJobFacts(
  connection: IWorkspaceConnection,
  { document, path }: IFile
): Promise<IJobFacts> {
  const asked = document === '' ? { path } : { path, document };
  const [parameters, compute, environments, experiments] = await Promise.all([
    isNotebook(path)
      ? connection.request('notebooks.parameters', {}, asked)
      : null,
    unlessRefused(
      connection.request('compute.list', {}).then(page => page.items),
      []
    ),
    unlessRefused(readEnvironments(connection), []),
    unlessRefused(
      connection
        .request('experiments.list', { limit: 100 })
        .then(page => page.items.map(it => it.name)),
      []
    )
  ]);
  return {
    parameters,
    compute,
    experiments,
    environments: [KERNEL, ...environments.filter(it => it !== KERNEL)]
  };
}
