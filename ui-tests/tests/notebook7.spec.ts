import { expect, test } from '@jupyterlab/galata';

import { notebookOf } from '../helpers/notebook';

const SOON = { timeout: 30000 };
const CELL = [
  'rate = 0.5',
  'for step in range(5):',
  '    mlws.log(accuracy=rate * step, step=step)',
  'print("came to", rate * step)'
].join('\n');

/** Notebook 7 shows one document in a window, and has neither launcher nor pages beside it. */
test('a cell runs as a job in Notebook 7, with card, badge and panel', async ({
  browser,
  baseURL,
  request
}) => {
  const seven = await request.get(`${baseURL}/tree`);
  // On CI it is there, or the test fails: what was not tested has not passed.
  test.skip(
    !seven.ok() && !process.env.CI,
    'Notebook 7 is not installed: pip install "notebook>=7.6"'
  );
  await request.put(`${baseURL}/api/contents/seven.ipynb`, {
    data: { type: 'notebook', format: 'json', content: notebookOf([CELL]) }
  });
  const context = await browser.newContext();
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('console', message => {
    if (message.type() === 'error' && message.text().includes('jupyter-mlws')) {
      errors.push(message.text());
    }
  });
  await page.goto(`${baseURL}/notebooks/seven.ipynb`);
  const cell = page.locator('.jp-Notebook .jp-Cell').first();
  await cell.click(SOON);
  await expect(
    page.getByText(/Python 3.*Idle|Python 3 \(ipykernel\)/).first()
  ).toBeVisible(SOON);
  await page.keyboard.press('Control+Shift+J');
  const card = cell.locator('.jp-mlws-runcard');
  await expect(card).toHaveAttribute('data-status', 'Completed', SOON);
  await expect(card).toContainText('came to 2.0');
  await expect(cell.locator('.jp-mlws-badge')).toContainText(
    'Completed · accuracy 2',
    SOON
  );
  await page.getByRole('menuitem', { name: 'Run', exact: true }).click();
  await expect(
    page.getByRole('menuitem', { name: 'Run Notebook as Job…' })
  ).toBeVisible();
  await page.keyboard.press('Escape');
  await page.getByRole('menuitem', { name: 'View', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Show ML Workspace' }).click();
  await expect(page.locator('#jp-mlws-panel')).toBeVisible();
  await expect(
    page.locator('#jp-mlws-panel').getByRole('treeitem').first()
  ).toHaveAttribute('data-status', 'Completed', SOON);

  // A window has room for one document: the page of a run is one of Lab.
  const run = await card.getAttribute('data-run');
  const opened = context.waitForEvent('page');
  await card.getByRole('button', { name: /^Open run/ }).click();
  const lab = await opened;
  // Lab is as somebody left it, and may bring back pages of other runs.
  const shown = lab.locator(`.jp-mlws-page[id$="-${run}"]`);
  await shown.getByRole('tab', { name: 'Code' }).click({ timeout: 60000 });
  await expect(shown).toContainText('rate = 0.5', SOON);
  expect(errors).toEqual([]);
  await context.close();
});
