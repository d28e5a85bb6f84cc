import { expect, test } from '@jupyterlab/galata';
import type { Page, Request } from '@playwright/test';

import { clockCell, LOAD, openNotebook, runCells } from '../helpers/notebook';
import { WorkspacePanel } from '../helpers/panel';

const SOON = { timeout: 30000 };
/** Each window has a workspace of JupyterLab's own, which is what a second tab gets of it. */
const WINDOWS = ['first', 'second'].map(
  it => `/lab/workspaces/${it}-${Date.now()}`
);

// JupyterLab keeps the state of each window on the server, as it does for a person.
test.use({ mockState: false, appPath: WINDOWS[0] });

/** The run that is pinned in the state of a window that JupyterLab keeps; other parts of that name runs, too. */
function pinnedIn(request: Request): string | undefined {
  return request.postDataJSON().data['jupyter-mlws:details']?.run;
}

/** One of several windows, with its list of runs on the left and a run on the right. */
class Window {
  constructor(private readonly _page: Page) {
    this.details = _page.locator('#jp-mlws-details');
    this.pin = this.details.getByRole('button', { name: /^Keep run/ });
  }

  readonly details;
  readonly pin;

  /** Open the panels at both sides, where they are closed. */
  async open(): Promise<void> {
    for (const id of ['jp-mlws-panel', 'jp-mlws-details']) {
      const tab = this._page.locator(`.jp-SideBar [data-id="${id}"]`);
      const panel = this._page.locator(`#${id}`);
      await tab.waitFor(SOON);
      // Until then Lab opens and closes panels itself.
      await this._page.evaluate(async () => {
        await (window as any).jupyterapp.restored;
      });
      await expect(async () => {
        if (!(await panel.isVisible())) {
          await tab.click();
        }
        await expect(panel).toBeVisible({ timeout: 2000 });
      }).toPass(SOON);
    }
  }

  /** Select a run in the list, and see it on the right. */
  async select(run: string, number: string): Promise<void> {
    await this._page.locator(`#jp-mlws-panel [data-run="${run}"]`).click(SOON);
    await this.shows(number, false);
  }

  async shows(number: string, isPinned: boolean): Promise<void> {
    await expect(this.details.locator('h3').first()).toContainText(
      `${number} `,
      SOON
    );
    await expect(this.pin).toHaveAttribute('aria-pressed', String(isPinned));
  }

  /** Press the pin, and wait until JupyterLab has kept that; it does so a while later. */
  async press(run: string): Promise<void> {
    const kept = this._page.waitForResponse(
      answer =>
        answer.request().method() === 'PUT' &&
        answer.url().includes('/api/workspaces/') &&
        pinnedIn(answer.request()) === run,
      SOON
    );
    await this.pin.click();
    await kept;
  }

  async reload(): Promise<void> {
    // What comes back is no launcher, for which it would wait.
    await this._page.reload({ waitForIsReady: false } as object);
    await this.open();
  }
}

test('each of two windows keeps the run that was pinned in it', async ({
  page,
  context,
  tmpPath
}) => {
  test.setTimeout(150 * 1000);
  const panel = new WorkspacePanel(page);
  await openNotebook(page, `${tmpPath}/windows.ipynb`, [
    LOAD,
    clockCell('windows', 0.2),
    clockCell('windows', 0.2)
  ]);
  await panel.open();
  await runCells(page, 0, 1, 2);
  await expect(panel.rows).toHaveCount(2, SOON);
  await expect(
    panel.root.locator('[role=treeitem][data-status=Completed]')
  ).toHaveCount(2, SOON);
  const [two, one] = await panel.rows.evaluateAll(all =>
    all.map(it => ({
      id: (it as HTMLElement).dataset.run!,
      number: it.getAttribute('aria-label')!.split(' ')[0]
    }))
  );
  const tab = await context.newPage();
  await tab.goto(WINDOWS[1]);
  const [first, second] = [new Window(page), new Window(tab)];
  await second.open();
  await first.select(one.id, one.number);
  await first.press(one.id);
  await second.select(two.id, two.number);
  await second.press(two.id);
  // One after the other: windows ask each other for their names as they begin, and one that hears its own moves elsewhere.
  await first.reload();
  await second.reload();
  await first.shows(one.number, true);
  await second.shows(two.number, true);

  // What is let go in one stays in the other.
  await second.pin.click();
  await second.select(one.id, one.number);
  await first.shows(one.number, true);
  await tab.close();
});
