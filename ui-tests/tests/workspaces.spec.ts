import { expect, IJupyterLabPageFixture } from '@jupyterlab/galata';

import { expectAccessible } from '../helpers/axe';
import { reloadKept } from '../helpers/layout';
import { look } from '../helpers/look';
import { LOAD, openFile, openNotebook, runCells } from '../helpers/notebook';
import { WorkspacePanel } from '../helpers/panel';
import { test } from '../helpers/server';

test.use({ kernels: null, sessions: null });

/** The name of the workspace at the top of the panel, and what it offers, by keys alone. */
class Switcher {
  constructor(private readonly _page: IJupyterLabPageFixture) {
    this.name = _page.locator('#jp-mlws-panel .jp-mlws-switcher');
    this.dialog = _page.getByRole('dialog');
  }

  readonly name;
  readonly dialog;

  async open(): Promise<void> {
    const menu = this._page.locator('.jp-mlws-switcher-menu');
    if (await menu.isVisible()) {
      await menu.focus();
      await this._page.keyboard.press('Escape');
    }
    await this.name.focus();
    await this._page.keyboard.press('Enter');
    await menu.waitFor();
  }

  async choose(label: string): Promise<void> {
    const item = this.item(label);
    const isActive = async () =>
      /(^| )lm-mod-active( |$)/.test((await item.getAttribute('class')) ?? '');
    // A notebook that is just being loaded takes the focus away once.
    await expect(async () => {
      await this.open();
      await expect(item).toBeVisible();
      for (let i = 0; i < 20 && !(await isActive()); i++) {
        await this._page.keyboard.press('ArrowDown');
      }
      expect(await isActive()).toBe(true);
      await this._page.keyboard.press('Enter');
      await expect(item).toBeHidden({ timeout: 2000 });
    }).toPass({ timeout: 30000 });
  }

  /** What stands in its menu; what is chosen has another role. */
  item(label: string) {
    return this._page
      .locator('.jp-mlws-switcher-menu [role^="menuitem"]')
      .filter({ has: this._page.getByText(label, { exact: true }) });
  }

  /** Answer the dialog that is open. */
  async answer(field: string | RegExp, text: string): Promise<void> {
    await this.dialog.getByLabel(field).fill(text);
    await this._page.keyboard.press('Enter');
    await expect(this.dialog).toHaveCount(0);
  }
}

test('another workspace is made, renamed, left, removed from the list and opened again, by keys alone', async ({
  page,
  tmpPath
}) => {
  const panel = new WorkspacePanel(page);
  const switcher = new Switcher(page);
  const { name } = switcher;
  const other = `${tmpPath}/other.ipynb`;
  await openNotebook(page, other, []);
  await openNotebook(page, `${tmpPath}/digits/a.ipynb`, []);
  await panel.open();
  await expect(name).toHaveText('default');
  await switcher.choose('New Workspace…');
  await expect(switcher.dialog.getByLabel('Project folder')).toHaveValue(
    `${tmpPath}/digits`
  );
  await expectAccessible(page, 'a workspace is made', '.jp-Dialog');
  await switcher.answer(/^Name/, 'Digits');
  await expect(name).toHaveText('Digits');
  await switcher.choose('Rename…');
  await switcher.answer(/^Its name/, 'Numbers');
  await expect(name).toHaveText('Numbers');
  await expect(name).toBeFocused();

  // A choice holds over a reload, whatever notebook is in front.
  await switcher.choose('default');
  await expect(name).toHaveText('default');
  const chosen = await idOf(page, 'default');
  await fillDisk(page, 87);
  await reloadKept(page, `"jupyter-mlws:workspace":"${chosen}"`);
  await page.locator('.jp-NotebookPanel:not(.lm-mod-hidden)').waitFor();
  // A notebook takes the focus when its kernel is there.
  await page.locator('#jp-main-statusbar').getByText('| Idle').waitFor();
  await panel.open();
  await expect(name).toHaveText('default');
  const size = panel.root.locator('.jp-mlws-size');
  await expect(size).toContainText('disk 87 %');
  await expect(size).toHaveAttribute('title', /mlws gc frees/);
  await expectAccessible(page, 'a disk that fills up');

  await switcher.choose('Follow the Notebook in Front');
  await expect(name).toHaveText('Numbers');
  await openFile(page, other);
  await expect(name).toHaveText('default');
  await switcher.choose('Numbers');
  await expect(name).toHaveText('Numbers');
  await switcher.choose('Remove Numbers from This List');
  await expect(name).toHaveText('default');
  const said = page.getByRole('alert').filter({ hasText: 'Removed Numbers' });
  await expect(said).toContainText('Nothing of it was deleted');
  await switcher.open();
  await expect(switcher.item('default')).toBeVisible();
  await expect(switcher.item('Numbers')).toHaveCount(0);
  await page.keyboard.press('Escape');
  await said.getByRole('button', { name: 'Undo' }).press('Enter');
  await expect(said).toHaveCount(0);
  // The menu has what was there as it was opened.
  await expect(async () => {
    await switcher.open();
    expect(await switcher.item('Numbers').count()).toBe(1);
  }).toPass({ timeout: 10000 });
  await page.keyboard.press('Escape');
  await switcher.choose('Open Workspace…');
  await switcher.answer(/^Folder of a workspace/, `${tmpPath}/digits`);
  await expect(name).toHaveText('Numbers');
  // What is not there is said, and nothing else changes.
  await switcher.choose('Open Workspace…');
  await switcher.answer(/^Folder of a workspace/, `${tmpPath}/nowhere`);
  const refused = page.getByRole('alert').filter({ hasText: 'no workspace' });
  await expect(refused).toContainText('nowhere');
  await expect(name).toHaveText('Numbers');
});

test('what a project names is used only when somebody has seen it', async ({
  page,
  server,
  tmpPath
}) => {
  const panel = new WorkspacePanel(page);
  const elsewhere = { workspace: '../elsewhere/.mlws/workspace' };
  await page.contents.createDirectory(`${tmpPath}/elsewhere`);
  await post(page, '', { folder: `${tmpPath}/elsewhere` });
  server.write(
    `${tmpPath}/project/.mlws/config.json`,
    JSON.stringify(elsewhere)
  );
  await openNotebook(page, `${tmpPath}/project/a.ipynb`, []);
  await page.sidebar.openTab('jp-mlws-panel');
  await expect(panel.dot).toHaveAttribute('data-state', 'failed');
  await panel.root.getByRole('button', { name: 'Look at it' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('elsewhere/.mlws/workspace');
  await expectAccessible(page, 'what is to be trusted', '.jp-Dialog');
  await dialog.getByRole('button', { name: 'Trust', exact: true }).click();
  await expect(panel.dot).toHaveAttribute('data-state', 'connected');
  await expect(panel.root.locator('.jp-mlws-switcher')).toHaveText('elsewhere');
});

test('compute shows its meters and who waits behind whom, and a pause is taken back', async ({
  page,
  tmpPath
}, testInfo) => {
  const panel = new WorkspacePanel(page);
  // Longer than any of this takes.
  const cell = '%%submit queue --quiet\nimport time; time.sleep(100)';
  await openNotebook(page, `${tmpPath}/queue.ipynb`, [
    LOAD,
    cell,
    cell,
    cell,
    cell
  ]);
  await panel.open();
  const { id: workspace } = await panel.fetch('/info');
  const compute = await panel.section('Compute');
  const local = compute.locator('[data-compute="local"]');
  for (const meter of ['CPU', 'Memory']) {
    await expect(
      local.getByRole('meter', { name: meter, exact: true })
    ).toHaveAttribute('aria-valuenow', /^\d+$/);
  }
  const title = panel.root.getByRole('button', { name: /^Compute/ });
  // A title that is made anew loses focus and presses.
  await title.evaluate(it => (it.dataset.same = 'yes'));
  const runs = local.locator('[data-run]');
  // What comes after this needs the slots, and so do we, whatever an earlier test has left.
  const freeSlots = async () => {
    const ids = await runs.evaluateAll(all =>
      all.map(it => (it as HTMLElement).dataset.run)
    );
    for (const id of ids.reverse()) {
      await post(page, `/${workspace}/runs/${id}/cancel`);
    }
    await expect(runs).toHaveCount(0, { timeout: 20000 });
  };
  await freeSlots();
  await runCells(page, 0, 1, 2, 3, 4);
  await expect(local).toContainText('2 of 2 in use', { timeout: 20000 });
  await expect(title).toHaveText('Compute local 2/2');
  await expect(title).toHaveAttribute('data-same', 'yes');
  await expect(local).toContainText('2 queued');
  await expect(runs).toHaveCount(4);
  const numbers = await runs.locator('.jp-mlws-queue-number').allInnerTexts();
  await expect(runs.nth(2)).toContainText(/behind #\d+, #\d+ on local/);
  await expect(runs.nth(3)).toContainText(`behind ${numbers[2]}`);
  await look(page, testInfo, 'busy-target', '#jp-mlws-panel');
  await local.getByRole('button', { name: 'Pause' }).press('Enter');
  await expect(local).toContainText('what runs goes on');
  await local.getByRole('button', { name: 'Undo' }).press('Enter');
  await expect(local).not.toContainText('paused', { timeout: 20000 });
  await expect(local.getByRole('button', { name: 'Pause' })).toBeVisible();
  // A press on one opens it.
  await runs.nth(3).getByRole('button').press('Enter');
  await expect(page.locator('.jp-mlws-page')).toContainText(numbers[3]);
  await freeSlots();
  await expect(title).toHaveText('Compute');
});

/** The id of a workspace by its name. */
async function idOf(
  page: IJupyterLabPageFixture,
  name: string
): Promise<string> {
  return page.evaluate(async name => {
    const { items } = await (await fetch('/mlws/api/v1/known')).json();
    return items.find((it: { name: string }) => it.name === name).id;
  }, name);
}

/** Let the server say that the disks of its workspaces are full to so many percent. */
async function fillDisk(
  page: IJupyterLabPageFixture,
  percent: number
): Promise<void> {
  await page.route(/\/mlws\/api\/v1\/.*(resolve|info)\b/, async route => {
    const response = await route.fetch();
    const json = await response.json();
    await route.fulfill({
      response,
      json: { ...json, disk_used_percent: percent }
    });
  });
}

/** Ask for something that changes, as the page does. */
function post(
  page: IJupyterLabPageFixture,
  path: string,
  body?: object
): Promise<void> {
  return page.evaluate(
    async ({ path, text }) => {
      const cookie = /_xsrf=([^;]+)/.exec(document.cookie)?.[1] ?? '';
      const answer = await fetch(`/mlws/api/v1/workspaces${path}`, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          'X-XSRFToken': decodeURIComponent(cookie)
        },
        body: text
      });
      if (!answer.ok) {
        throw new Error(await answer.text());
      }
    },
    { path, text: JSON.stringify(body) }
  );
}
