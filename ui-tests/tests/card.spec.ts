import { expect, IJupyterLabPageFixture, test } from '@jupyterlab/galata';

import { expectAccessible } from '../helpers/axe';
import { RunCard } from '../helpers/card';
import { reloadKept } from '../helpers/layout';
import {
  clockCell,
  LOAD,
  openNotebook,
  outputsOf,
  runCells
} from '../helpers/notebook';

const SOON = { timeout: 30000 };
const FIT = [
  '%%submit digits -p lr=0.1',
  'from pathlib import Path',
  'import matplotlib.pyplot as plt',
  'lr = 0.5',
  'def train(step):',
  '    return 1 - 1 / (step + 2)',
  'for step in range(20):',
  '    mlws.log(accuracy=train(step), loss=1 / (step + 1), epoch=step, step=step)',
  '    print("epoch", step)',
  'Path("outputs").mkdir(exist_ok=True)',
  'Path("outputs/answer.txt").write_text("42")',
  'Path("outputs/net.joblib").write_bytes(b"net")',
  'plt.plot([1, 2, 4])',
  'model = {"a": 1}',
  '"the result"'
].join('\n');

/** Execute a cell without waiting for its end. */
async function start(page: IJupyterLabPageFixture, cell: number) {
  await page.notebook.selectCells(cell);
  await page.keyboard.press('Shift+Enter');
}

test('the card of a run is live while it goes, and can end it while the kernel is busy', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/busy.ipynb`, [
    LOAD,
    clockCell('busy', 300),
    'import time\ntime.sleep(300)'
  ]);
  await runCells(page, 0, 1);
  await start(page, 2);
  const card = new RunCard(page, 1);
  await expect(card.root).toHaveAttribute('data-status', 'Running', SOON);
  // What else a card has is there half a second after the first point.
  await expect(card.charts).toHaveAttribute('data-count', /[5-9]|\d\d/, SOON);
  const height = (await card.root.boundingBox())!.height;
  await expect(card.charts).toHaveAttribute(
    'data-count',
    /[2-9]\d|\d{3}/,
    SOON
  );
  expect((await card.root.boundingBox())!.height).toBe(height);
  await card.cancel();
  await expect(card.root).toHaveAttribute('data-status', 'Canceled', SOON);
  await expect(card.root.getByRole('button', { name: 'Cancel' })).toHaveCount(
    0
  );
  await expect(page.locator('.jp-Notebook .jp-Cell').nth(2)).toContainText(
    '[*]'
  );
});

test('the card of a run goes on after the kernel is gone and the page was loaded anew', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/again.ipynb`, [
    LOAD,
    clockCell('again', 300)
  ]);
  await runCells(page, 0, 1);
  const card = new RunCard(page, 1);
  await expect(card.root).toHaveAttribute('data-status', 'Running', SOON);
  await page.notebook.save();
  await page.kernel.shutdownAll();
  await reloadKept(page);
  await page.locator('.jp-NotebookPanel').waitFor();
  await expect(card.root).toHaveAttribute('data-status', 'Running', SOON);
  await expect(card.charts).toHaveAttribute('data-count', /^[1-9]/, SOON);
  const count = Number(await card.charts.getAttribute('data-count'));
  await expect
    .poll(async () => Number(await card.charts.getAttribute('data-count')))
    .toBeGreaterThan(count + 10);
  await card.cancel();
  await expect(card.root).toHaveAttribute('data-status', 'Canceled', SOON);
});

test('the card of a run that ended shows what came of it', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/ended.ipynb`, [
    LOAD,
    FIT,
    '%%submit digits\nvalue = "a"\nfloat(value)'
  ]);
  await runCells(page, 0, 1);
  const card = new RunCard(page, 1);
  await expect(card.root).toHaveAttribute('data-status', 'Completed', SOON);
  await expect(card.charts).toHaveCount(2);
  for (const chart of await card.charts.all()) {
    await expect(chart).toHaveAttribute('data-count', '20');
  }
  for (const text of ['epoch 19', 'the result', 'outputs/answer.txt', 'lr']) {
    await expect(card.root).toContainText(text);
  }
  await expect(card.root.getByAltText(/Figure|AxesSubplot/)).toBeVisible();
  await expectAccessible(page, 'completed', '.jp-mlws-runcard');

  // What the notebook keeps of it is that of the end, and saving it asks nothing.
  await expect.poll(() => outputsOf(page, 1)).toContain('the result');
  expect(await outputsOf(page, 1)).not.toContain('cancel()');
  expect(await outputsOf(page, 1)).not.toContain(tmpPath);
  await page.notebook.save();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(card.root).toBeVisible();

  // What it left comes back: beside the notebook, in a cell below, as a model.
  await card.root.getByTitle(/^Copy outputs\/answer.txt/).click();
  await expect(page.getByText('Copied to answer.txt.')).toBeVisible();
  expect(await page.contents.fileExists(`${tmpPath}/answer.txt`)).toBe(true);
  await card.root.getByTitle(/^Register outputs\/net.joblib/).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('digits-net');
  await dialog.getByRole('button', { name: 'Register' }).click();
  await expect(page.getByText(/digits-net version 1/)).toBeVisible();
  await card.root.getByTitle(/gives model in a new cell/).click();
  const inserted = page.locator('.jp-Notebook .jp-Cell').nth(2);
  await expect(inserted).toContainText(/mlws\.run\(\d+\)\["model"\]/);
  await page.notebook.runCell(2, true);
  await expect(inserted.locator('.jp-OutputArea-output')).toContainText(
    "{'a': 1}"
  );
  await page.keyboard.press('Escape');
  await page.keyboard.press('d');
  await page.keyboard.press('d');

  await runCells(page, 2);
  const failed = new RunCard(page, 2);
  await expect(failed.root).toHaveAttribute('data-status', 'Failed', SOON);
  await expect(failed.root.locator('.jp-mlws-notice-error')).toContainText(
    'could not convert string to float'
  );
  await runCells(page, 2);
  await expect(failed.root).toHaveAttribute('data-status', 'Failed', SOON);
  await expect(failed.root).toContainText('This cell:');
  await card.root.getByLabel(/^Open run/).click();
  await expect(page.locator('.jp-mlws-page')).toBeVisible();
  await page.activity.activateTab('ended.ipynb');
  await expectAccessible(page, 'failed', '.jp-mlws-runcard');
});

test('the card of a run that is not of here stays as the notebook has it', async ({
  page,
  tmpPath
}) => {
  const card = (run: string) =>
    [
      'from IPython.display import display',
      `display({"application/vnd.mlws.run.v1+json": {"workspace": "${run}", "run": "${run}"},`,
      '  "text/html": "<b>as it was</b>", "text/plain": "as it was"}, raw=True)'
    ].join('\n');
  await openNotebook(page, `${tmpPath}/foreign.ipynb`, [
    card('nothing_1_12'),
    card('../../../api')
  ]);
  await runCells(page, 0, 1);
  for (const cell of [0, 1]) {
    const { output } = new RunCard(page, cell);
    await expect(output).toHaveText('as it was');
    await expect(output.locator('.jp-mlws-runcard')).toHaveCount(0);
  }
});
