import { expect, IJupyterLabPageFixture, test } from '@jupyterlab/galata';

import { expectAccessible } from '../helpers/axe';
import { look } from '../helpers/look';
import { LOAD, openNotebook, runCells } from '../helpers/notebook';
import { WorkspacePanel } from '../helpers/panel';

const MANY = `from jupyter_mlws import Experiment, Workspace

ws = Workspace.from_config()
for i in range(9):
    Experiment(ws, f"trial-{i}").description = f"Attempt number {i}."`;

const CELLS = [
  LOAD,
  '%%submit vision\nmlws.log(loss=0.5)',
  '%%submit words\nmlws.log(loss=0.25)',
  MANY
];

/** Press a button of the dialog that is open. */
async function answer(
  page: IJupyterLabPageFixture,
  name: string
): Promise<void> {
  await page.getByRole('dialog').getByRole('button', { name }).click();
}

test('experiments are found, described, archived and deleted, and lead to their runs', async ({
  page,
  tmpPath
}, testInfo) => {
  const panel = new WorkspacePanel(page);
  await page.setViewportSize({ width: 1240, height: 1000 });
  await openNotebook(page, `${tmpPath}/experiments.ipynb`, CELLS);
  await panel.open();
  const experiments = await panel.section('Experiments');
  await runCells(page, 0, 1, 2, 3);
  const line = (name: string) =>
    experiments.locator(`[data-experiment="${name}"]`);
  await expect(line('trial-8')).toContainText('Attempt number 8.');
  await expect(line('trial-8')).toContainText('0 runs');
  await expect(line('words')).toContainText(/[1-9]\d* runs?/);
  await expect(panel.rows).toHaveCount(2);
  await panel.newest('Completed');

  // From the first name on by keys alone.
  const about = (name: string) =>
    line(name).getByRole('button', { name: `About ${name}` });
  const name = (name: string) =>
    line(name).getByRole('button', { name: new RegExp(`^${name} `) });
  await experiments.getByLabel('Search experiments').focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await expect(name('trial-8')).toBeFocused();
  await page.keyboard.press('End');
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowDown');
  await expect(name('trial-7')).toBeFocused();
  await name('words').press('Enter');
  await expect(panel.search).toHaveValue("experiment = 'words'");
  await expect(panel.rows).toHaveCount(1);
  await expect(panel.rows.first()).toContainText('words');
  await expect(name('words')).toHaveAttribute('aria-pressed', 'true');
  await page.keyboard.press('Enter');
  await expect(panel.search).toHaveValue('');
  await expect(panel.rows).toHaveCount(2);

  await about('words').click();
  await line('words')
    .getByRole('button', { name: /^Add a desc/ })
    .click();
  await page.getByRole('dialog').getByLabel('Description').fill('All *words*.');
  await expectAccessible(page, 'its dialog', '.jp-Dialog-content');
  await answer(page, 'Save');
  await expect(line('words')).toContainText('All *words*.');
  await name('words').click();
  await look(page, testInfo, 'experiments', '#jp-mlws-panel');
  await name('words').click();

  await about('trial-8').click();
  await line('trial-8').getByRole('button', { name: 'Archive' }).click();
  await expect(line('trial-8')).toHaveCount(0);
  await experiments.getByRole('button', { name: 'Show archived' }).click();
  await expect(line('trial-8')).toContainText('archived');
  await about('trial-8').click();
  await line('trial-8').getByRole('button', { name: 'Reactivate' }).click();
  await expect(line('trial-8')).not.toContainText('archived');

  await line('words').getByRole('button', { name: 'Delete…' }).click();
  await answer(page, 'Delete experiment');
  await expect(line('words')).toHaveCount(0);
  await expect(panel.rows).toHaveCount(1);
  await page
    .locator('.Toastify__toast', { hasText: 'words is in the trash' })
    .getByRole('button', { name: 'Undo' })
    .click();
  await expect(line('words')).toContainText('All *words*.');
  await expect(panel.rows).toHaveCount(2);
});
