import { expect, test } from '@jupyterlab/galata';

import { expectAccessible } from '../helpers/axe';
import { beginCommand, openNotebook } from '../helpers/notebook';
import { WorkspacePanel } from '../helpers/panel';

const SOON = { timeout: 45000 };

test.use({ mockSettings: { 'jupyter-mlws:plugin': { notifyAfter: 0 } } });

test('a notebook runs as a job with other parameters, as it is on the screen', async ({
  page,
  tmpPath
}) => {
  const path = `${tmpPath}/fit.ipynb`;
  await openNotebook(page, path, [
    {
      source: 'lr = 0.5  # how fast\nname = "ada"\ndeep = True',
      tags: ['parameters']
    },
    'print("as saved")'
  ]);
  await page.notebook.setCell(1, 'code', 'print("came", lr, name, deep)');

  await beginCommand(page, 'mlws:run-notebook-as-job');
  const dialog = page.getByRole('dialog');
  const rate = dialog.getByRole('textbox', { name: 'lr' });
  await expect(rate).toHaveValue('0.5');
  await expect(dialog).toContainText('how fast');
  await expectAccessible(page, 'form', '.jp-Dialog-content');
  await rate.fill('fast');
  await dialog.getByRole('button', { name: 'Run' }).click();
  await expect(dialog).toContainText('This is no number: write for example');
  await rate.fill('0.25');
  await dialog.getByRole('combobox', { name: 'deep' }).selectOption('false');
  await dialog.getByLabel('Experiment').fill('fitting');
  await dialog.getByRole('button', { name: 'Run' }).click();
  await expect(dialog).toHaveCount(0);
  await expect(
    page.getByText(/^Run \d+ of fit.ipynb was submitted/)
  ).toBeVisible();

  const panel = new WorkspacePanel(page);
  await panel.open();
  const id = await panel.newest('Completed');
  const run = await panel.fetch(`/runs/${id}`);
  expect(run.params).toMatchObject({ lr: '0.25', deep: 'false' });
  expect(run.experiment).toBe('fitting');
  const log = await panel.fetch(`/runs/${id}/logs`);
  expect(log.text).toContain('came 0.25 ada False');
  await expect(
    page.getByText(/fit.ipynb completed after|fitting completed after/)
  ).toBeVisible(SOON);
});

test('the file browser runs a script as a job with its arguments', async ({
  page,
  tmpPath
}) => {
  await page.contents.uploadContent(
    'import sys\nprint("given", sys.argv[1:])\n',
    'text',
    `${tmpPath}/fit.py`
  );
  await page.filebrowser.openDirectory(tmpPath);
  await page
    .getByRole('listitem', { name: /fit\.py/ })
    .click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Run as Job…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Arguments' }).fill('--name "a b"');
  await dialog.getByRole('button', { name: 'Run' }).click();
  await expect(
    page.getByText(/^Run \d+ of fit.py was submitted/)
  ).toBeVisible();
  const panel = new WorkspacePanel(page);
  await panel.open();
  const id = await panel.newest('Completed');
  const log = await panel.fetch(`/runs/${id}/logs`);
  expect(log.text).toContain("given ['--name', 'a b']");
});
