import { expect, IJupyterLabPageFixture, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

import { reloadKept } from '../helpers/layout';
import { look } from '../helpers/look';
import { clockCell, LOAD, openNotebook, runCells } from '../helpers/notebook';
import { WorkspacePanel } from '../helpers/panel';

const TWO_LOSSES = `%%submit details -t baseline
rate, depth = 0.1, 3
for step in range(30):
    mlws.log(loss=1 / (step + 1), accuracy=1 - 1 / (step + 2), step=step)
print("done")`;

/** The right panel as a person uses it. */
class Details {
  constructor(readonly page: IJupyterLabPageFixture) {
    this.root = page.locator('#jp-mlws-details');
    this.pin = this.root.getByRole('button', { name: /^Keep run/ });
    this.note = this.root.getByRole('textbox', { name: 'Note' });
    this.tag = this.root.getByRole('textbox', { name: /^New tag/ });
    this.tags = this.root.locator('.jp-mlws-tags > li');
  }

  readonly root: Locator;
  readonly pin: Locator;
  readonly note: Locator;
  readonly tag: Locator;
  readonly tags: Locator;

  /** Wait until it shows a run of this number. */
  async shows(number: string): Promise<void> {
    await expect(this.root.locator('h3').first()).toContainText(`${number} `);
  }
}

/** The number of a run as the list has it, such as `#3`. */
async function numberOf(panel: WorkspacePanel, id: string): Promise<string> {
  const label = await panel.row(id).getAttribute('aria-label');
  return label!.split(' ')[0];
}

test('the details follow what is selected and the active cell, until they are pinned', async ({
  page,
  tmpPath
}, testInfo) => {
  test.setTimeout(180 * 1000);
  const panel = new WorkspacePanel(page);
  const details = new Details(page);
  await page.setViewportSize({ width: 1440, height: 960 });
  await openNotebook(page, `${tmpPath}/details.ipynb`, [
    LOAD,
    TWO_LOSSES,
    clockCell('details', 0.3)
  ]);
  await page.sidebar.openTab('jp-mlws-panel');
  await runCells(page, 0, 1);
  const one = await panel.newest('Completed');
  await expect(details.root).toBeHidden();
  await page.sidebar.openTab('jp-mlws-details');
  const first = await numberOf(panel, one);
  await details.shows(first);
  await expect(details.root).toContainText('details.ipynb [2]');
  await expect(panel.chart).toHaveAttribute('data-count', '30');
  await look(page, testInfo, 'details', '#jp-mlws-details');

  await runCells(page, 2);
  await expect(panel.rows).toHaveCount(2);
  const two = await panel.newest('Completed');
  const second = await numberOf(panel, two);
  await details.shows(second);
  await page.notebook.selectCells(1);
  await details.shows(first);
  await panel.row(two).click();
  await details.shows(second);

  await details.pin.click();
  await panel.row(one).click();
  await expect(details.pin).toHaveAttribute('aria-pressed', 'true');
  await details.shows(second);
  const workspace = (await panel.fetch('/info')).id;
  await reloadKept(
    page,
    `"jupyter-mlws:details":{"workspace":"${workspace}","run":"${two}"}`
  );
  await expect(details.root).toBeVisible({ timeout: 30000 });
  await details.shows(second);
  await expect(details.pin).toHaveAttribute('aria-pressed', 'true');
  await details.pin.click();
  await panel.row(one).click();
  await details.shows(first);
  await details.root.getByRole('button', { name: 'details.ipynb' }).click();
  await expect(page.locator('.jp-Notebook .jp-Cell').nth(1)).toHaveClass(
    /jp-mod-active/
  );
});

test('tags and the note are written in place, whatever the run does meanwhile', async ({
  page,
  tmpPath
}, testInfo) => {
  test.setTimeout(120 * 1000);
  const panel = new WorkspacePanel(page);
  const details = new Details(page);
  await openNotebook(page, `${tmpPath}/notes.ipynb`, [
    LOAD,
    clockCell('notes', 6)
  ]);
  await panel.open();
  await runCells(page, 0, 1);
  const id = await panel.newest('Running');
  const number = await numberOf(panel, id);
  await details.shows(number);
  await details.note.click();
  await page.keyboard.type('tried on a **small** set,', { delay: 20 });
  // Somebody else tags the run meanwhile.
  const workspace = (await panel.fetch('/info')).id;
  await page.evaluate(
    async ([workspace, run]) => {
      const token = document.cookie.match(/_xsrf=([^;]+)/)?.[1] ?? '';
      await fetch(`/mlws/api/v1/workspaces/${workspace}/runs/${run}`, {
        method: 'PATCH',
        headers: { 'Content-Type': 'application/json', 'X-XSRFToken': token },
        body: JSON.stringify({ tags: { outside: 'yes' } })
      });
    },
    [workspace, id]
  );
  await expect(details.tags).toHaveText(['outside: yes']);
  await page.keyboard.type(' to be repeated', { delay: 20 });
  await expect(details.note).toHaveValue(
    'tried on a **small** set, to be repeated'
  );
  await panel.newest('Completed');
  await expect(details.note).toBeFocused();
  await details.tag.fill('stage: test');
  await details.tag.press('Enter');
  await details.tag.fill('best');
  await details.tag.press('Enter');
  await expect(details.tags).toHaveText([
    'best',
    'outside: yes',
    'stage: test'
  ]);
  await details.root
    .getByRole('button', { name: 'Remove tag outside' })
    .click();
  await expect(details.tags).toHaveText(['best', 'stage: test']);
  await look(page, testInfo, 'written', '#jp-mlws-details');
  await expect
    .poll(async () => {
      const { description, tags } = await panel.fetch(`/runs/${id}`);
      return { description, tags };
    })
    .toEqual({
      description: 'tried on a **small** set, to be repeated',
      tags: { best: '', stage: 'test' }
    });
  await details.root.getByRole('button', { name: /^Open run/ }).click();
  const note = page
    .locator('.jp-mlws-page')
    .getByRole('textbox', { name: 'Note' });
  await expect(note).toHaveValue(/to be repeated$/);

  // The field is not left, and the page goes.
  await note.press('End');
  await page.keyboard.type(' soon');
  await page.reload({ waitForIsReady: false } as object);
  await expect
    .poll(async () => (await panel.fetch(`/runs/${id}`)).description)
    .toMatch(/ to be repeated soon$/);
});
