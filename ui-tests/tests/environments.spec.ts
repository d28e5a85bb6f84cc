import { expect, IJupyterLabPageFixture, test } from '@jupyterlab/galata';
import type { TestInfo } from '@playwright/test';

import { expectAccessible } from '../helpers/axe';
import { LOAD, openNotebook, runCells } from '../helpers/notebook';
import { WorkspacePanel } from '../helpers/panel';

const REGISTER = `from jupyter_mlws import Environment, Workspace

ws = Workspace.from_config()
Environment("small", packages=["six==1.16.0"]).register(ws)
Environment("small", packages=["six>=1.17", "attrs"], description="For small things.").register(ws)
Environment.label(ws, "small", 2, ["stable"])`;

/** Be the one that builds it, so that a run has to wait. */
const HOLD = `import fcntl
from jupyter_mlws.environments import building

lock = ws.api.environments.lock("small", 2)
building.root().mkdir(parents=True, exist_ok=True)
held = open(building.root() / f".{lock.digest}.lock", "w")
fcntl.flock(held, fcntl.LOCK_EX)`;

/** So long a busy machine may take to build one. */
const BUILD_MS = 90000;

const TRAIN = `%%submit small -E small
import attrs, six
print("six", six.__version__)
mlws.log(minor=17)`;

test('an environment is found, built for a run under its eyes, compared, and the run done again', async ({
  page,
  tmpPath
}, testInfo) => {
  test.setTimeout(180 * 1000);
  const panel = new WorkspacePanel(page);
  await page.setViewportSize({ width: 1240, height: 1000 });
  await openNotebook(page, `${tmpPath}/small.ipynb`, [
    LOAD,
    REGISTER,
    HOLD,
    TRAIN,
    'held.close()'
  ]);
  await panel.open();
  await page.sidebar.setWidth(320, 'left');
  const environments = await panel.section('Environments');
  await expect(environments).toContainText('None of your own yet');
  await expect(environments).toContainText('sklearn');
  await expectAccessible(page, 'no environment of its own');
  await shoot(page, testInfo, 'empty');

  await runCells(page, 0, 1);
  const small = environments.locator('[data-environment="small"]');
  await expect(small).toContainText('v2');
  await expect(small).toContainText('stable');
  await runCells(page, 2, 3);
  await panel.newest('Preparing');
  await expect(panel.rows.first()).toContainText('small:2: Waiting for');
  await expect(panel.detail.getByRole('progressbar')).toBeVisible();
  const log = panel.detail.getByText('Log of the build');
  await log.click();
  const words = panel.detail.getByLabel('End of the log of the build');
  await expect(words).toContainText('Waiting for another run');
  await expectAccessible(page, 'while it is built');
  await shoot(page, testInfo, 'building');
  await runCells(page, 4);
  const run = await panel.newest('Completed', BUILD_MS);
  await expect(panel.detail.getByRole('progressbar')).toHaveCount(0);
  await expect(panel.log).toContainText('six 1.17.0');

  await panel.detail.getByText('Packages', { exact: true }).click();
  const packages = panel.detail.getByRole('group', { name: 'Packages' });
  await expect(packages).toContainText('six1.17.0');
  await expect(packages).toContainText('attrs25.4.0');
  await expect(panel.detail).toContainText('It can be done again');
  await expect(words).toContainText('Built in');
  await panel.detail.evaluate(it => it.scrollTo(0, it.scrollHeight));
  await expectAccessible(page, 'a run that says what it ran in');
  await shoot(page, testInfo, 'run');

  await small.locator('summary').first().click();
  await expect(small).toContainText('Built on the server');
  await small.getByRole('combobox', { name: /^Compare/ }).selectOption('1');
  const asked = small.getByRole('group', { name: /ask for differently/ });
  await expect(asked.getByRole('row')).toHaveText([
    'Whatsmall:1small:2',
    'attrs–attrs',
    'sixsix==1.16.0six>=1.17'
  ]);
  await small.locator('summary', { hasText: 'Exact packages' }).click();
  await expect(small.getByRole('group', { name: 'Packages' })).toContainText(
    'six1.17.0'
  );
  await expectAccessible(page, 'an environment and what differs');
  await small.scrollIntoViewIfNeeded();
  await shoot(page, testInfo, 'environment');
  await small.getByRole('combobox', { name: /^Version/ }).selectOption('1');
  await small.getByRole('button', { name: 'Resolve now' }).click();
  await small.locator('summary', { hasText: 'Exact packages' }).click();
  await expect(small.getByRole('group', { name: 'Packages' })).toContainText(
    'six1.16.0'
  );
  await small.getByRole('button', { name: 'Build now' }).click();
  await expect(panel.rows.first()).toContainText('Build small:1');
  await panel.newest('Completed', BUILD_MS);
  await expect(small).toContainText('Built on the server');

  await panel.row(run).click();
  await panel.detail.getByRole('button', { name: /^Re-run #/ }).click();
  const dialog = page.getByRole('dialog');
  await dialog
    .getByRole('combobox', { name: 'Environment' })
    .selectOption('minimal');
  await expectAccessible(page, 'the dialog', '.jp-Dialog-content');
  await shoot(page, testInfo, 'dialog');
  await dialog.getByRole('button', { name: 'Run again' }).click();
  await panel.newest('Failed');
  await expect(panel.detail).toContainText('has no attrs');
  await shoot(page, testInfo, 'failed');
  await panel.row(run).click();
  await panel.rerun();
  const again = await panel.newest('Completed');
  expect(again).not.toBe(run);
});

test('a secret is stored, handed to a run, asked for again, and deleted', async ({
  page,
  tmpPath
}, testInfo) => {
  test.setTimeout(120 * 1000);
  const panel = new WorkspacePanel(page);
  await page.setViewportSize({ width: 1240, height: 1000 });
  await openNotebook(page, `${tmpPath}/secret.ipynb`, [
    LOAD,
    '%%submit vault --secret UI_TOKEN\nimport os\nprint(len(os.environ["UI_TOKEN"]), "letters")',
    'GIVEN = "from-the-notebook"',
    '%%submit given --secret GIVEN\nimport os\nprint(len(os.environ["GIVEN"]), "letters")'
  ]);
  await panel.open();
  await page.sidebar.setWidth(320, 'left');
  const secrets = await panel.section('Secrets');
  await expect(secrets).toContainText('kept encrypted');
  await secrets.getByLabel('Name of the secret').fill('UI_TOKEN');
  await secrets.getByLabel('Value of the secret').fill('seven-letters');
  await page.keyboard.press('Enter');
  const line = secrets.locator('[data-secret="UI_TOKEN"]');
  await expect(line).toContainText('encrypted file');
  await expect(secrets.getByLabel('Value of the secret')).toHaveValue('');
  await runCells(page, 0, 1);
  await panel.newest('Completed');
  await expect(panel.log).toContainText('13 letters');
  await expectAccessible(page, 'a secret');
  await shoot(page, testInfo, 'secrets');
  await runCells(page, 2, 3);
  await expect(panel.rows).toHaveCount(2);
  const given = await panel.newest('Completed');

  await panel.detail.getByRole('button', { name: /^Re-run #/ }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByLabel('GIVEN')).toHaveAttribute('type', 'password');
  await dialog.getByLabel('GIVEN').fill('12345');
  await expectAccessible(page, 'the dialog', '.jp-Dialog-content');
  await shoot(page, testInfo, 'secrets-dialog');
  await page.keyboard.press('Enter');
  await expect(panel.rows).toHaveCount(3);
  expect(await panel.newest('Completed')).not.toBe(given);
  await expect(panel.log).toContainText('5 letters');

  await line.getByRole('button', { name: /^Delete secret/ }).click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: 'Delete secret' })
    .click();
  await expect(line).toHaveCount(0);
  expect(await page.content()).not.toContain('seven-letters');
});

/** A picture in each theme, for who wants to look. */
async function shoot(
  page: IJupyterLabPageFixture,
  testInfo: TestInfo,
  name: string
): Promise<void> {
  if (!process.env.MLWS_LOOK) {
    return;
  }
  for (const theme of ['JupyterLab Dark', 'JupyterLab Light']) {
    await page.theme.setTheme(theme);
    await page.screenshot({
      path: testInfo.outputPath(`${name}-${theme.split(' ')[1]}.png`),
      animations: 'disabled'
    });
  }
}
