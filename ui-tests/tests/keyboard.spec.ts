import { expect, test } from '@jupyterlab/galata';

import { RunCard } from '../helpers/card';
import { Keyboard } from '../helpers/keyboard';
import { LOAD, openNotebook } from '../helpers/notebook';
import { TABS_OF_ONE } from '../helpers/page';
import { WorkspacePanel } from '../helpers/panel';

const FIT = [
  '%%submit keys',
  'from pathlib import Path',
  'rate = 0.5',
  'for step in range(5):',
  '    mlws.log(accuracy=1 - rate / (step + 1), step=step)',
  'Path("net.joblib").write_bytes(b"net")',
  'print("fitted")'
].join('\n');

const OTHER = '%%submit other\nrate = 0.25\nmlws.log(accuracy=rate)';

test('from the cell to the registered model, without a mouse', async ({
  page,
  tmpPath
}) => {
  test.setTimeout(180 * 1000);
  const keys = new Keyboard(page);
  const panel = new WorkspacePanel(page);
  const card = new RunCard(page, 1);
  const dialog = page.locator('.jp-Dialog');
  await openNotebook(page, `${tmpPath}/keys.ipynb`, ['', FIT, OTHER]);
  await page.notebook.selectCells(0);

  await test.step('cells are submitted', async () => {
    await keys.press('Enter');
    await page.keyboard.type(LOAD);
    await keys.press('Shift+Enter', 'Shift+Enter', 'Shift+Enter');
    await expect(card.root).toHaveAttribute('data-status', 'Completed', {
      timeout: 30000
    });
  });

  await test.step('the panel is gone through', async () => {
    await keys.command('Show ML Workspace');
    await expect(panel.search).toBeFocused();
    await expect(panel.rows).toHaveCount(2);
    await keys.press('Shift+Tab');
    await keys.asksAndGoesBack(page.locator('.jp-mlws-switcher-menu'), 'Enter');
    await keys.goTo(panel.search);
    await page.keyboard.type('metrics.accuracy > 0.8');
    await expect(panel.rows).toHaveCount(1);
    await keys.goTo(panel.root.getByRole('tree'));
    await keys.press('ArrowDown');
    await keys.sees();
    await expect(panel.rows.first()).toHaveAttribute('aria-selected', 'true');
    await keys.asksAndGoesBack(page.locator('.lm-Menu'), 'ContextMenu');
    await keys.asksAndGoesBack(dialog, 'Delete');
  });

  await test.step('the page of a run is gone through, tab by tab', async () => {
    await keys.press('Enter');
    const run = page.locator('.jp-mlws-page');
    const shown = run.getByRole('tabpanel');
    await expect(run).toContainText('keys');
    await expect(run.locator('[role=tab][aria-selected=true]')).toBeFocused();
    for (const [i, tab] of TABS_OF_ONE.entries()) {
      if (i > 0) {
        await keys.press('ArrowRight');
      }
      const label = run.locator(`[role=tab][data-tab=${tab}]`);
      await expect(shown).toHaveAttribute('data-tab', tab);
      await expect(label).toBeFocused();
      await keys.walk(shown);
      await label.focus();
    }
    await keys.press('Home', 'ArrowRight');
    const chart = shown.getByRole('img', { name: /^Chart of accuracy/ });
    await expect(chart).toHaveAttribute('data-count', '5');
    await keys.goTo(chart);
    await keys.press('Home', 'ArrowRight');
    await expect(shown.locator('figure [aria-live]')).toHaveText(
      '0.7500, step 1'
    );
    await keys.asksAndGoesBack(page.locator('.jp-mlws-chart-dialog'), 'f');
    await expect(chart).toBeFocused();
  });

  await test.step('a model is registered from the card', async () => {
    await keys.press('Tab', 'Control+Shift+[');
    await expect(page.locator('.jp-NotebookPanel:focus-within')).toBeVisible();
    await keys.press('Escape', 'ArrowUp', 'ArrowUp');
    const register = card.root.getByTitle(/^Register net.joblib/);
    await keys.goTo(register);
    await keys.press('Enter');
    await expect(dialog.getByLabel('Name')).toBeFocused();
    await keys.press('Control+a');
    await page.keyboard.type('net');
    await keys.press('Enter');
    await expect(dialog).toHaveCount(0);
    await expect(register).toBeFocused();
    await keys.walk(card.root);
  });

  await test.step('it is in the list of models', async () => {
    await keys.command('Show ML Workspace');
    for (const name of [
      'Experiments',
      'Models',
      'Environments',
      'Compute',
      'Secrets'
    ]) {
      const title = panel.root.getByRole('button', {
        name: new RegExp(`^${name}`)
      });
      await keys.goTo(title);
      await keys.press('Enter');
      await expect(title).toHaveAttribute('aria-expanded', 'true');
      await expect(title).toBeFocused();
    }
    await keys.command('Show ML Workspace');
    const model = panel.root
      .getByRole('list', { name: 'Models' })
      .locator('summary', { hasText: 'net' });
    await expect(model.first()).toBeVisible();
    await keys.goTo(model);
    await keys.press('Enter');
    await expect(panel.root.locator('.jp-mlws-model-facts')).toContainText(
      'net.joblib'
    );
    await keys.walk(panel.root);
  });

  await test.step('the details are gone through', async () => {
    await keys.command('Show Run Details');
    await expect(page.locator('#jp-mlws-details:focus-within')).toBeVisible();
    const again = panel.detail.getByRole('button', { name: /^Re-run #/ });
    await expect(again).toBeVisible();
    await keys.goTo(again);
    await keys.asksAndGoesBack(dialog, 'Enter');
    await keys.walk(panel.details);
  });
});
