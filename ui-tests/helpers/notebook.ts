import { IJupyterLabPageFixture } from '@jupyterlab/galata';

export const LOAD = '%load_ext jupyter_mlws';

/** A cell that logs the time of each point as its value, for so many seconds. */
export function clockCell(experiment: string, seconds: number): string {
  return [
    `%%submit ${experiment}`,
    'import time',
    'period = 0.1',
    `for step in range(${Math.round(seconds * 10)}):`,
    '    mlws.log(clock=time.time(), step=step)',
    '    time.sleep(period)',
    'print("logged", step + 1, "points")'
  ].join('\n');
}

/**
 * Write a notebook of code cells and open it.
 *
 * @returns its path below the server's root
 */
export async function openNotebook(
  page: IJupyterLabPageFixture,
  path: string,
  sources: string[],
  kernel = 'python3'
): Promise<string> {
  const cells = sources.map((source, i) => ({
    cell_type: 'code',
    id: `cell-${i}`,
    metadata: {},
    source,
    execution_count: null,
    outputs: []
  }));
  const content = {
    cells,
    metadata: {
      kernelspec: { name: kernel, display_name: kernel, language: 'python' }
    },
    nbformat: 4,
    nbformat_minor: 5
  };
  await page.contents.uploadContent(JSON.stringify(content), 'text', path);
  await page.notebook.openByPath(path);
  await page.notebook.activate(path.split('/').pop()!);
  return path;
}

/** Execute cells one after another, as Shift Enter does. */
export async function runCells(
  page: IJupyterLabPageFixture,
  ...indexes: number[]
): Promise<void> {
  for (const index of indexes) {
    await page.notebook.runCell(index);
  }
}
