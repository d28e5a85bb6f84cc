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

/** The cell before one of `gatedCell`, for what waits at the gate is elsewhere. */
export const GATE = 'import os\ngate = os.path.abspath("gate")';

/**
 * A cell like that of `clockCell` whose run goes on until the gate is opened, and for three seconds where it is open from
 * the beginning. It waits for minutes and not for ever, as a run outlives the test that failed.
 */
export function gatedCell(experiment: string): string {
  return [
    `%%submit ${experiment}`,
    'import os, time',
    'period, step = 0.1, 0',
    'while step < 30 or (not os.path.exists(gate) and step < 1200):',
    '    mlws.log(clock=time.time(), step=step)',
    '    time.sleep(period)',
    '    step += 1',
    'print("logged", step, "points")'
  ].join('\n');
}

/** Let what waits at the gate of a folder come to its end. */
export async function openGate(
  page: IJupyterLabPageFixture,
  folder: string
): Promise<void> {
  await page.contents.uploadContent('', 'text', `${folder}/gate`);
}

/** A cell of code, by its source alone or with its tags. */
type Cell = string | { source: string; tags: string[] };

/** A notebook as its file has it. */
export function notebookOf(cells: Cell[], kernel = 'python3') {
  return {
    cells: cells.map((cell, i) => ({
      cell_type: 'code',
      id: `cell-${i}`,
      metadata: typeof cell === 'string' ? {} : { tags: cell.tags },
      source: typeof cell === 'string' ? cell : cell.source,
      execution_count: null,
      outputs: []
    })),
    metadata: {
      kernelspec: { name: kernel, display_name: kernel, language: 'python' },
      language_info: { name: 'python' }
    },
    nbformat: 4,
    nbformat_minor: 5
  };
}

/**
 * Write a notebook of code cells and open it.
 *
 * @returns its path below the server's root
 */
export async function openNotebook(
  page: IJupyterLabPageFixture,
  path: string,
  cells: Cell[],
  kernel = 'python3'
): Promise<string> {
  const content = JSON.stringify(notebookOf(cells, kernel));
  await page.contents.uploadContent(content, 'text', path);
  await page.notebook.openByPath(path);
  await page.notebook.activate(path.split('/').pop()!);
  return path;
}

/** Open a file as a click on it does, also where the file browser is not in sight. */
export async function openFile(
  page: IJupyterLabPageFixture,
  path: string
): Promise<void> {
  await page.evaluate(async file => {
    const { commands } = (window as any).jupyterapp;
    await commands.execute('docmanager:open', { path: file });
  }, path);
}

/** Begin a command of the application, and do not wait for its end: that may be a person's answer. */
export async function beginCommand(
  page: IJupyterLabPageFixture,
  command: string,
  args: object = {}
): Promise<void> {
  await page.evaluate(
    ([command, args]) =>
      void (window as any).jupyterapp.commands.execute(command, args),
    [command, args] as const
  );
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

/** What a cell has put out, as the notebook that is open has it, as JSON. */
export async function outputsOf(
  page: IJupyterLabPageFixture,
  cell: number
): Promise<string> {
  return page.evaluate(index => {
    const { content } = (window as any).jupyterapp.shell.currentWidget;
    return JSON.stringify(content.model.toJSON().cells[index].outputs);
  }, cell);
}
