import { expect, IJupyterLabPageFixture, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

import { expectAccessible, violationsOf } from '../helpers/axe';
import { RunCard } from '../helpers/card';
import {
  beginCommand,
  clockCell,
  LOAD,
  openNotebook,
  runCells
} from '../helpers/notebook';
import { TABS_OF_ONE } from '../helpers/page';
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
  for (const section of [
    'Experiments',
    'Models',
    'Environments',
    'Compute',
    'Secrets'
  ]) {
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

/** A run that leaves something of every kind. */
const EVERYTHING = String.raw`%%submit access -t baseline -t team=vision --note "All of it"
from pathlib import Path
from jupyter_mlws import Run
import matplotlib.pyplot as plt

rate, depth = 0.5, 3
run = Run.get_context()
for step in range(20):
    mlws.log(accuracy=1 - rate / (step + 1), loss=1 / (step + 1), step=step)
    run.log_histogram("weights", [step, 1, 2, 3, 3, 5], step=step, bins=4)
    run.log_image("ramp", plot=[[x * step % 256 for x in range(24)] for y in range(12)], step=step)
    run.log_text("sample", f"once upon a time {step}", step=step)
    print(f"\x1b[32mepoch\x1b[0m {step} \x1b[1;31mred\x1b[0m \x1b[33myellow\x1b[0m \x1b[44mblue\x1b[0m")
run.log_table("rows", {"id": range(60), "score": range(60)})
run.log_confusion_matrix("digits", y_true=[3, 8, 8], y_pred=[3, 8, 3])
Path("net.joblib").write_bytes(b"net")
Path("rows.csv").write_text("a,b\n1,2\n3,4")
plt.plot([1, 2, 4])
model = {"a": 1}`;

const WRONG = `%%submit access
rate = "fast"
mlws.log({f"layer {i // 10}/norm {i}": i for i in range(60)})
float(rate)`;

const CELLS = [
  LOAD,
  EVERYTHING,
  WRONG,
  '%%submit access --sweep rate=1,2\nrate = 0\nmlws.log(rate=rate)',
  clockCell('access', 300).replace('access', 'access --as going'),
  '%%submit access --after {going.number}\nprint("later")',
  clockCell('stopped', 300)
];

/** Looks at one view after another, and collects what keeps somebody from using them. */
class Inspection {
  /**
   * @param _rules - those that are asked for; all of them when left out
   */
  constructor(
    readonly page: IJupyterLabPageFixture,
    private readonly _theme: string,
    private readonly _rules?: string[]
  ) {}

  readonly found: string[] = [];

  async look(view: string, part: string | Locator): Promise<void> {
    const place =
      typeof part === 'string' ? part : await this._selectorOf(part);
    for (const violation of await violationsOf(this.page, place, this._rules)) {
      this.found.push(`${view}, ${this._theme}: ${violation}`);
    }
  }

  /** Look at the dialog that a command opens, and close it. */
  async lookAtDialog(command: string, args: object = {}): Promise<void> {
    const { page } = this;
    await beginCommand(page, command, args);
    await expect(page.locator('.jp-Dialog-footer')).toBeVisible();
    await this.look(`dialog of ${command}`, '.jp-Dialog-content');
    await page
      .locator('.jp-Dialog-footer')
      .getByRole('button')
      .last()
      .press('Escape');
    await expect(page.locator('.jp-Dialog-content')).toHaveCount(0);
  }

  private async _selectorOf(part: Locator): Promise<string> {
    const mark = `view-${++this._marks}`;
    await part.evaluate((it, mark) => {
      (it as HTMLElement).dataset.inspected = mark;
    }, mark);
    return `[data-inspected="${mark}"]`;
  }

  private _marks = 0;
}

async function inspectCards(
  inspection: Inspection,
  statuses: Record<number, string>
): Promise<void> {
  for (const [cell, status] of Object.entries(statuses)) {
    const card = new RunCard(inspection.page, Number(cell));
    await card.output.scrollIntoViewIfNeeded();
    await expect(card.root).toHaveAttribute('data-status', status);
    await inspection.look(`card of cell ${cell}, ${status}`, card.output);
  }
}

async function inspectPanel(
  inspection: Inspection,
  panel: WorkspacePanel
): Promise<void> {
  const { page } = inspection;
  await panel.rows.nth(1).click();
  await panel.rows.nth(3).click({ modifiers: ['Shift'] });
  await expect(panel.root.locator('[aria-selected=true]')).toHaveCount(3);
  await inspection.look('left panel, three runs selected', '#jp-mlws-panel');
  await inspection.lookAtDialog('mlws:delete-run');
  await inspection.lookAtDialog('mlws:tag-run');
  await panel.root.locator('.jp-mlws-switcher').click();
  await expect(page.locator('.jp-mlws-switcher-menu')).toBeVisible();
  await inspection.look('workspace switcher', '.jp-mlws-switcher-menu');
  await page.keyboard.press('Escape');
}

async function inspectPage(
  inspection: Inspection,
  id: string,
  tabs: readonly string[]
): Promise<void> {
  const { page } = inspection;
  await beginCommand(page, 'mlws:open-run', { run: id });
  const run = page.locator(`.jp-mlws-page[id$="-${id}"]`);
  for (const tab of tabs) {
    await run.locator(`[role=tab][data-tab=${tab}]`).click();
    await expect(run.getByRole('tabpanel')).toHaveAttribute('data-tab', tab);
    const charts = run.getByRole('img', { name: /^Chart of/ });
    if (tab === 'metrics') {
      await expect(charts.first()).toHaveAttribute('data-count', /^[1-9]/);
      await charts.first().press('f');
      await expect(page.locator('.jp-mlws-chart-dialog')).toBeVisible();
      await inspection.look('full screen', '.jp-mlws-chart-dialog');
      await page.keyboard.press('Escape');
      const closed = run.locator('details[data-metric]:not([open]) > summary');
      while ((await closed.count()) > 0) {
        await closed.first().click();
      }
    }
    await inspection.look(
      `page of ${await run.locator('h2').innerText()}, ${tab}`,
      `.jp-mlws-page[id$="-${id}"]`
    );
  }
}

/** What a theme has a say in; all else is the same in each. */
const COLOURS = ['color-contrast', 'link-in-text-block'];

test('everybody can use every view, light and dark', async ({
  page,
  tmpPath
}) => {
  test.setTimeout(240 * 1000);
  const panel = new WorkspacePanel(page);
  await page.setViewportSize({ width: 1440, height: 1200 });
  await openNotebook(page, `${tmpPath}/access.ipynb`, CELLS);
  await panel.open();
  await runCells(page, 0, 1, 2, 3);
  await expect(
    panel.root.locator('[role=treeitem][data-status=Completed]')
  ).toHaveCount(2, { timeout: 60000 });
  await expect(
    panel.root.locator('[role=treeitem][data-status=Failed]')
  ).toHaveCount(1);
  const [sweep, failed, first] = await panel.rows.evaluateAll(all =>
    all.map(it => (it as HTMLElement).dataset.run!)
  );
  await runCells(page, 4, 5, 6);
  await panel.newest('Running');
  await new RunCard(page, 6).cancel();
  await panel.newest('Canceled');
  for (const section of [
    'Experiments',
    'Models',
    'Environments',
    'Compute',
    'Secrets'
  ]) {
    await panel.section(section);
  }
  const found: string[] = [];
  for (const [theme, rules] of [['Light'], ['Dark', COLOURS]] as const) {
    await page.theme.setTheme(`JupyterLab ${theme}`);
    const inspection = new Inspection(page, theme, rules && [...rules]);
    await inspectCards(inspection, {
      1: 'Completed',
      2: 'Failed',
      3: 'Completed',
      4: 'Running',
      5: 'Queued',
      6: 'Canceled'
    });
    await inspectPanel(inspection, panel);
    await panel.row(first).click();
    await expect(panel.detail).toContainText('net.joblib');
    await inspection.look('right panel', '#jp-mlws-details');
    await inspection.lookAtDialog('mlws:run-notebook-as-job');
    await inspection.lookAtDialog('mlws:register-model', { run: first });
    await inspection.lookAtDialog('mlws:rerun', { run: first });
    await inspectPage(inspection, first, TABS_OF_ONE);
    await inspectPage(inspection, failed, ['overview', 'metrics']);
    await inspectPage(inspection, sweep, ['overview', 'children']);
    await page.activity.activateTab('access.ipynb');
    found.push(...inspection.found);
  }
  await new RunCard(page, 4).cancel();
  expect(found).toEqual([]);
});
