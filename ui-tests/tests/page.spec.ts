import * as net from 'net';

import { expect, IJupyterLabPageFixture, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

import { reloadKept } from '../helpers/layout';
import { look } from '../helpers/look';
import { LOAD, openNotebook, runCells } from '../helpers/notebook';
import { WorkspacePanel } from '../helpers/panel';

const RICH = String.raw`%%submit digits -t baseline
import json, math, sys, time

rate, depth = 0.12, 6
for step in range(60):
    loss = math.exp(-rate * step / 3)
    mlws.log(accuracy=0.98 - 0.7 * loss, loss=loss, step=step)
    print(f"\x1b[32mepoch\x1b[0m {step:3}  loss {loss:.3f}")
for i in range(100):
    print(f"\rbatch {i}", end="")
print()
print("\x1b[1;31merror-like words\x1b[0m")
open("rows.csv", "w").write("a,b\n" + "\n".join(f"{i},x{i}" for i in range(40)))
open("notes.txt", "w").write("plain words")
open("report.html", "w").write(
    "<h1>Report</h1><script>window.parent.__xss = 1</script>"
    "<img src=x onerror='window.parent.__xss = 1'><img src='http://127.0.0.2:PORT/canary.png'>"
)
open("drawing.svg", "w").write(
    "<svg xmlns='http://www.w3.org/2000/svg' width='80' height='40'><rect width='80' height='40' fill='teal'/>"
    "<script>window.__xss = 1</script></svg>"
)
json.dump({"cells": [
    {"cell_type": "markdown", "source": ["# <b>Title</b>"]},
    {"cell_type": "code", "source": "1 + 1", "execution_count": 3, "outputs": [
        {"output_type": "execute_result", "data": {"text/plain": "2", "text/html": "<b>2</b>"}}
    ]},
]}, open("done.ipynb", "w"))`;

const SWEEP = `%%submit digits --sweep rate=1,2
rate = 0
mlws.log(rate=rate)`;

const SLOW = `%%submit slow
import time
for i in range(300):
    print("line", i, flush=True)
    time.sleep(0.03)
print("done")`;

/** The page of a run, as a person uses it. */
class RunPage {
  constructor(
    readonly page: IJupyterLabPageFixture,
    run: string
  ) {
    this.root = page.locator(`.jp-mlws-page[id$="-${run}"]`);
    this.panel = this.root.getByRole('tabpanel');
  }

  readonly root: Locator;
  readonly panel: Locator;

  async show(tab: string): Promise<void> {
    await this.root.getByRole('tab', { name: tab }).click();
    await expect(this.panel).toHaveAttribute('data-tab', tab.toLowerCase());
  }

  /** Look at a file among the outputs. */
  async look(name: string, kind: string): Promise<Locator> {
    await this.panel.getByRole('button', { name, exact: true }).click();
    const preview = this.panel.locator('.jp-mlws-preview');
    await expect(preview).toHaveAttribute('data-kind', kind);
    return preview;
  }
}

test('a run has a page of its own, where nothing of what it left runs', async ({
  page,
  tmpPath
}, testInfo) => {
  test.setTimeout(240 * 1000);
  let foreign = 0;
  const elsewhere = net.createServer(socket => {
    foreign += 1;
    socket.destroy();
  });
  await new Promise<void>(done => elsewhere.listen(0, '127.0.0.2', done));
  const { port } = elsewhere.address() as net.AddressInfo;
  const panel = new WorkspacePanel(page);
  await page.setViewportSize({ width: 1440, height: 960 });
  await openNotebook(page, `${tmpPath}/page.ipynb`, [
    LOAD,
    RICH.replace('PORT', String(port))
  ]);
  await panel.open();
  await runCells(page, 0, 1);
  const id = await panel.newest('Completed');

  const shoot = (name: string) => look(page, testInfo, name, '.jp-mlws-page');
  await panel.row(id).dblclick();
  const run = new RunPage(page, id);
  await expect(run.root).toBeVisible();
  await expect(run.panel.locator('.jp-mlws-table')).toContainText('accuracy');
  await expect(run.panel).toContainText('page.ipynb');
  await shoot('overview');

  await run.show('Metrics');
  const charts = run.panel.getByRole('img', { name: /^Chart of/ });
  await expect(charts).toHaveCount(2);
  for (const chart of await charts.all()) {
    await expect(chart).toHaveAttribute('data-count', '60');
  }
  await shoot('metrics');

  await run.show('Logs');
  const log = run.panel.getByRole('log');
  await expect(log).toContainText('epoch  59');
  await expect(log).toContainText('batch 99');
  await expect(log).not.toContainText('batch 98');
  await expect(log.locator('.jp-mlws-ansi-2').first()).toHaveText('epoch');
  const field = run.panel.getByRole('searchbox', { name: 'Search the log' });
  await field.fill('epoch   1 ');
  await field.press('Enter');
  await expect(log.locator('mark')).toHaveText('epoch   1 ');
  await expect(run.panel).toContainText('1 of 1');
  await shoot('logs');

  await run.show('Outputs');
  const table = await run.look('rows.csv', 'table');
  await expect(table.locator('tbody tr')).toHaveCount(40);
  await shoot('outputs');
  const picture = await run.look('drawing.svg', 'image');
  await expect(picture.locator('img')).toHaveAttribute('src', /^blob:/);
  const notebook = await run.look('done.ipynb', 'notebook');
  await expect(notebook).toContainText('# <b>Title</b>');
  await expect(notebook.locator('b')).toHaveCount(0);
  const html = await run.look('report.html', 'html');
  const frame = html.locator('iframe');
  await expect(frame).toHaveAttribute('sandbox', '');
  await expect(frame.contentFrame().locator('h1')).toHaveText('Report');
  expect(await page.evaluate(() => (window as any).__xss)).toBeUndefined();
  // Nobody was asked for its picture; a picture that nothing forbids is.
  expect(foreign).toBe(0);
  await page.evaluate(src => {
    new Image().src = src;
  }, `http://127.0.0.2:${port}/canary.png`);
  await expect.poll(() => foreign).toBeGreaterThan(0);
  elsewhere.close();

  const number = (await run.root.locator('h2').innerText()).split(' ')[0];
  await run.show('Code');
  await expect(run.panel.locator('.jp-mlws-preview')).toContainText('rate');
  await run.panel.getByLabel('Compare with run').fill(number);
  await run.panel.getByRole('button', { name: 'Compare', exact: true }).click();
  await expect(run.panel).toContainText('byte for byte');
  await shoot('code');
});

test('a reload and a link bring pages back, also side by side', async ({
  page,
  tmpPath
}, testInfo) => {
  test.setTimeout(180 * 1000);
  const panel = new WorkspacePanel(page);
  await openNotebook(page, `${tmpPath}/pages.ipynb`, [LOAD, SWEEP]);
  await panel.open();
  await runCells(page, 0, 1);
  const parent = await panel.newest('Completed');
  await panel.root.getByRole('tree').press('Enter');
  const sweep = new RunPage(page, parent);
  await sweep.show('Environment');
  await expect(sweep.panel).toContainText('Reproducibility');
  await sweep.show('Children');
  await expect(sweep.panel.locator('tbody tr')).toHaveCount(2);
  await sweep.panel.getByRole('button', { name: 'Duration' }).click();
  await look(page, testInfo, 'children', '.jp-mlws-page');
  await sweep.panel.getByRole('button', { name: 'Run', exact: true }).click();
  const child = sweep.panel.locator('tbody tr').first();
  const id = (await child.getAttribute('data-run'))!;
  await child.getByRole('button').click();
  const run = new RunPage(page, id);
  await expect(run.panel).toContainText('About');
  await run.show('Compare');
  await run.panel.getByRole('button', { name: /^#\d+$/ }).click();
  const differing = run.panel.getByRole('group', { name: 'Parameters' });
  await expect(differing.locator('tbody tr')).toHaveText(['rate21']);
  await look(page, testInfo, 'compare', '.jp-mlws-page');
  await run.show('Overview');
  await page.evaluate(
    ([left, right]) => {
      const { shell } = (window as any).jupyterapp;
      const widgets: any[] = Array.from(shell.widgets('main'));
      const find = (id: string) => widgets.find(it => it.id.endsWith(id));
      const ref = find(left).id;
      shell.add(find(right), 'main', { ref, mode: 'split-right' });
    },
    [parent, id]
  );
  await expect(sweep.root).toBeVisible();
  await expect(run.root).toBeVisible();
  await look(page, testInfo, 'side-by-side', '.jp-mlws-page');

  await reloadKept(
    page,
    `"run":"${parent}","tab":"children"`,
    `"run":"${id}","tab":"overview"`,
    '"split-area"'
  );
  await expect(sweep.panel).toHaveAttribute('data-tab', 'children', {
    timeout: 30000
  });
  await expect(run.panel).toContainText('About');
  await expect(page.locator('.jp-mlws-page')).toHaveCount(2);

  const number = parseInt(
    (await sweep.root.locator('h2').innerText()).slice(1),
    10
  );
  const workspace = (await panel.fetch('/info')).id;
  const link = new URLSearchParams({
    'mlws-run': `${workspace}:${number + 2}`
  });
  await page.evaluate(link => location.assign(`/lab?${link}`), `${link}`);
  const linked = page.locator('.jp-mlws-page h2', {
    hasText: `#${number + 2}`
  });
  await expect(linked).toBeVisible({ timeout: 30000 });
  await expect(page).not.toHaveURL(/mlws-run/);
});

test('a page follows the log of a run that goes on, until its reader scrolls up', async ({
  page,
  tmpPath
}) => {
  const panel = new WorkspacePanel(page);
  await openNotebook(page, `${tmpPath}/live.ipynb`, [LOAD, SLOW]);
  await panel.open();
  await runCells(page, 0, 1);
  const id = await panel.newest('Running');
  await panel.row(id).dblclick();
  const run = new RunPage(page, id);
  await run.show('Logs');
  const log = run.panel.getByRole('log');
  await expect(log).toContainText(/line \d\d\d/);
  const follow = run.panel.getByRole('checkbox', { name: 'Follow' });
  await expect(follow).toBeChecked();
  await expect(log.getByText(/^line \d+$/).last()).toBeInViewport();
  // Whoever is carried along in this moment turns the wheel once more.
  await expect(async () => {
    await log.hover();
    await page.mouse.wheel(0, -10000);
    await expect(follow).not.toBeChecked({ timeout: 1000 });
  }).toPass({ timeout: 10000 });
  await expect(log.getByText('line 0', { exact: true })).toBeInViewport();
  await panel.newest('Completed');
  await expect(log.getByText('line 0', { exact: true })).toBeInViewport();
  await follow.check();
  await expect(log.getByText('done', { exact: true })).toBeInViewport();
});
