import { expect, test } from '@jupyterlab/galata';

import { expectAccessible } from '../helpers/axe';
import { clockCell, LOAD, openNotebook, runCells } from '../helpers/notebook';
import { WorkspacePanel } from '../helpers/panel';

test('the panel has no accessibility violation, light or dark', async ({
  page,
  tmpPath
}) => {
  test.setTimeout(180 * 1000);
  const panel = new WorkspacePanel(page);
  await openNotebook(page, `${tmpPath}/axe.ipynb`, [
    LOAD,
    clockCell('axe', 1),
    '%%submit axe --sweep rate=1,2\nrate = 0\nmlws.log(rate=rate)',
    '%%submit axe\nmlws.log(loss=1.0)\nmlws.log(accuracy=1.0)\nfloat("a")'
  ]);
  await panel.open();
  const check = (state: string) => expectAccessible(page, state);
  await check('no runs of this notebook');
  await runCells(page, 0, 1);
  await panel.newest('Completed');
  await check('a run that completed');
  await runCells(page, 2, 3);
  await panel.newest('Failed');
  await expect(panel.chart).toHaveAttribute('data-count', '1');
  for (const section of ['Models', 'Environments', 'Compute', 'Secrets']) {
    await panel.section(section);
  }
  await expect(panel.root.locator('[data-compute="local"]')).toContainText(
    'in use'
  );
  await expect(panel.root.getByRole('form')).toBeVisible();
  await check('a run that failed among others, all sections open');
  await page.theme.setDarkTheme();
  await check('the same in the dark');
  const message = 'Traceback (most recent call last):\nImportError: broken';
  await page.route(/\/workspaces\/[^/]+\/info(\?|$)/, async route => {
    const response = await route.fetch();
    const { dispatcher, ...info } = await response.json();
    const json = {
      ...info,
      active_count: 1,
      warnings: ['The workspace lies on a network file system.'],
      dispatcher: { ...dispatcher, alive: false, message }
    };
    await route.fulfill({ response, json });
  });
  await runCells(page, 1);
  await expect(
    panel.root.getByRole('button', { name: 'Try again' })
  ).toBeVisible();
  await check('a warning, and a dispatcher that did not start');
});

test('runs are found and opened with the keyboard alone', async ({
  page,
  tmpPath
}) => {
  const panel = new WorkspacePanel(page);
  await openNotebook(page, `${tmpPath}/keys.ipynb`, [
    LOAD,
    clockCell('keys', 0.2),
    '%%submit keys --sweep rate=1,2\nrate = 0\nmlws.log(rate=rate)'
  ]);
  await panel.open();
  await runCells(page, 0, 1, 2);
  await expect(panel.rows).toHaveCount(2);
  await panel.newest('Completed');
  await panel.root.getByRole('tree').focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  await expect(panel.rows).toHaveCount(4);
  await page.keyboard.press('ArrowDown');
  await expect(panel.rows.nth(1)).toHaveAttribute('aria-selected', 'true');
  await expect(panel.rows.nth(1)).toHaveAttribute('aria-level', '2');
  await expect(panel.chart).toHaveAccessibleName(/Chart of rate: one point/);
  await page.keyboard.press('Enter');
  await expect(page.locator('.jp-mlws-page:focus-within')).toContainText('#');
});
