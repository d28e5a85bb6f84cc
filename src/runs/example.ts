import type { INotebookContent } from '@jupyterlab/nbformat';
import { Contents } from '@jupyterlab/services';
import { UUID } from '@lumino/coreutils';

const LOAD = '%load_ext jupyter_mlws';

const SUBMIT = `%%submit first-steps
import math, random, time

rate = 0.15          # top-level numbers are recorded as parameters

for step in range(60):
    loss = math.exp(-rate * step) + 0.02 * random.random()
    mlws.log(loss=loss, accuracy=1 - loss / 1.2, step=step)
    time.sleep(0.1)

print("final loss", loss)`;

/** The two cells of the first minute, as a notebook. */
export function exampleContent(title: string): INotebookContent {
  return {
    cells: [cell('markdown', title), cell('code', LOAD), cell('code', SUBMIT)],
    metadata: {
      kernelspec: { name: 'python3', display_name: 'Python 3' },
      language_info: { name: 'python' }
    },
    nbformat: 4,
    nbformat_minor: 5
  };
}

function cell(kind: 'code' | 'markdown', source: string) {
  const common = { id: UUID.uuid4().slice(0, 8), metadata: {}, source };
  return kind === 'code'
    ? { ...common, cell_type: kind, execution_count: null, outputs: [] }
    : { ...common, cell_type: kind };
}

/**
 * Make the example beside what the user works on, under a name that is free.
 *
 * @returns its path
 */
export async function createExample(
  contents: Contents.IManager,
  folder: string,
  title: string
): Promise<string> {
  const file = await contents.newUntitled({ type: 'notebook', path: folder });
  await contents.save(file.path, {
    type: 'notebook',
    format: 'json',
    content: exampleContent(title)
  });
  return file.path;
}
