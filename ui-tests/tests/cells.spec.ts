import { expect, test } from '@jupyterlab/galata';

import { expectAccessible } from '../helpers/axe';
import { RunCard } from '../helpers/card';
import { openNotebook, runCells } from '../helpers/notebook';

const SOON = { timeout: 30000 };
const CELL = [
  'rate = 0.5',
  'def train(step):',
  '    return base + rate * step',
  'for step in range(5):',
  '    mlws.log(accuracy=train(step), step=step)',
  'print("came to", train(4))'
].join('\n');

test('a cell runs as a job as it stands, and carries how that went', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/plain.ipynb`, [
    'base = 1',
    CELL,
    'x = 1\nfloat("x")'
  ]);
  await runCells(page, 0);
  await page.notebook.selectCells(1);
  await page.keyboard.press('Control+Shift+J');
  const card = new RunCard(page, 1);
  await expect(card.root).toHaveAttribute('data-status', 'Completed', SOON);
  await expect(card.root).toContainText('came to 3.0');
  await expect(card.root).toContainText('rate');
  expect((await page.notebook.getCellTextInput(1)).trim()).toBe(CELL);

  const cell = page.locator('.jp-Notebook .jp-Cell').nth(1);
  const badge = cell.locator('.jp-mlws-badge button');
  await expect(badge).toHaveAttribute('data-status', 'Completed', SOON);
  await expect(badge).toContainText('Completed · accuracy 3');
  await expect(badge).not.toContainText('stale');
  await expectAccessible(page, 'badge', '.jp-mlws-badge');
  const box = (await badge.boundingBox())!;
  const below = (await cell.locator('.jp-OutputArea').boundingBox())!;
  // It covers nothing of what the cell put out.
  expect(box.y + box.height).toBeLessThanOrEqual(below.y);

  // The toolbar of the cell does the same; the lines of an error are those of the cell.
  await page.notebook.selectCells(2);
  await page
    .locator('.jp-Notebook .jp-Cell')
    .nth(2)
    .getByRole('button', { name: /Run this cell as it stands/ })
    .click();
  const failed = new RunCard(page, 2);
  await failed.output.scrollIntoViewIfNeeded();
  await expect(failed.root).toHaveAttribute('data-status', 'Failed', SOON);
  await expect(failed.root).toContainText('plain.ipynb cell [3], line 2');

  // Neither a badge nor anything else of ours is in the document.
  await page.notebook.save();
  const saved = await page.evaluate(() =>
    JSON.stringify(
      (window as any).jupyterapp.shell.currentWidget.content.model
        .toJSON()
        .cells.map((it: any) => [it.source, it.metadata])
    )
  );
  expect(saved).not.toContain('submit');
  await page.notebook.setCell(1, 'code', CELL.replace('0.5', '0.25'));
  await expect(badge).toContainText('stale');
  await badge.click();
  await expect(
    page.locator('.jp-mlws-page').getByText('accuracy').first()
  ).toBeVisible(SOON);
});
