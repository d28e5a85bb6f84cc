import { expect, test } from '@jupyterlab/galata';

import { RunCharts } from '../helpers/charts';
import { LONG_MS, measure, tasksText } from '../helpers/load';
import { LOAD, openNotebook, runCells } from '../helpers/notebook';
import { WorkspacePanel } from '../helpers/panel';

const SOON = { timeout: 30000 };
const LONG = { timeout: 150 * 1000 };
/** No page is left without an answer for so long, however busy the machine is. */
const STALL_MS = 5000;
/** Ten runs with twenty metrics each, of which each gets a hundred points a second. */
const LIVE = `%%submit live
import math, time
run = mlws.Run.get_context()
children = [run.child_run(f"child {i}") for i in range(10)]
start = time.monotonic()
for step in range(12000):
    for i, child in enumerate(children):
        child.log_metrics({f"m{k}": math.sin(step / 50 + i) + k for k in range(20)}, step=step)
    time.sleep(max(0, start + step / 100 - time.monotonic()))`;

/** More names than a page lists. */
const VERY_MANY = `%%submit names
for i in range(100):
    mlws.log({f"part{i}/metric{1000 * i + k}": 1000 * i + k for k in range(1000)}, step=0)`;

const MANY = `%%submit many
for step in range(20):
    mlws.log({f"part{i % 5}/metric{i}": step * i for i in range(1000)}, step=step)`;

test('twenty charts of ten live runs are drawn beside other work, and hold nothing up', async ({
  page,
  tmpPath
}, testInfo) => {
  test.setTimeout(150 * 1000);
  const panel = new WorkspacePanel(page);
  await page.setViewportSize({ width: 1920, height: 1300 });
  await openNotebook(page, `${tmpPath}/live.ipynb`, [LOAD, LIVE]);
  await panel.open();
  await runCells(page, 0, 1);
  const id = await panel.newest('Running');
  const charts = new RunCharts(page, id);
  await charts.open(panel.row(id));
  await page.sidebar.close('left');
  await expect(charts.chart('m19')).toHaveAttribute('data-series', '10', SOON);
  await expect(charts.all).toHaveCount(20);
  const load = await measure(page, 10);
  const points = 20 * 10 * 100 * 10;
  const figure = `20 charts of 10 runs: ${load.redraws.toFixed(1)} redraws a second, busy ${(100 * load.busy).toFixed(0)} % of a core, ${tasksText(load)}, ${(load.bytes / points).toFixed(1)} bytes a point, ${load.requests} requests`;
  console.log(figure);
  testInfo.annotations.push({ type: 'load', description: figure });
  await page.screenshot({ path: testInfo.outputPath('live.png') });

  // Charts that nobody sees cost nothing.
  await charts.root.getByRole('tab', { name: 'Overview' }).click();
  await page.waitForTimeout(1000);
  const unseen = await measure(page, 3);
  console.log(
    `unseen: ${unseen.requests} requests, busy ${(100 * unseen.busy).toFixed(0)} %, drawn ${unseen.frames.toFixed(0)} times a second`
  );
  expect(unseen.requests).toBe(0);
  // The sign of a live run pulses; what moves as smoothly as a screen shows it would keep a browser busy all the time.
  expect(unseen.frames).toBeLessThan(45);
  await panel.open();
  await panel.cancel();

  expect(load.longest).toBeLessThan(LONG_MS);
  expect(load.bytes / points).toBeLessThan(80);
  // How often they are drawn is for the machine to say, which may do other things as well; none of them is left behind.
  expect(load.charts).toBe(20);
  expect(load.slowest).toBeLessThan(STALL_MS);
});

test('of a thousand metrics those in sight are read and drawn, and found by a word', async ({
  page,
  tmpPath
}, testInfo) => {
  test.setTimeout(180 * 1000);
  const panel = new WorkspacePanel(page);
  await page.setViewportSize({ width: 1440, height: 960 });
  await openNotebook(page, `${tmpPath}/many.ipynb`, [LOAD, MANY]);
  await panel.open();
  await runCells(page, 0, 1);
  const id = await panel.newest('Completed');
  const charts = new RunCharts(page, id);
  const opening = measure(page, 6);
  await charts.open(panel.row(id));
  await expect(charts.all.first()).toHaveAttribute('data-count', '20', SOON);
  // A run that took a second has a group of what its processes used, too.
  const groups = charts.root
    .locator('.jp-mlws-curve-group > summary')
    .filter({ hasText: 'part' });
  await expect(groups).toHaveCount(5);
  await expect(groups.first()).toHaveText(/part0\s*200/);
  expect(await charts.all.count()).toBeLessThan(30);
  const opened = await opening;

  const scrolling = measure(page, 4);
  const list = charts.root.getByRole('tabpanel');
  await list.hover();
  for (let i = 0; i < 20; i++) {
    await page.mouse.wheel(0, 600);
    await page.waitForTimeout(120);
  }
  const scrolled = await scrolling;
  expect(await charts.all.count()).toBeLessThan(30);
  const figure = `1,000 metrics: opened with ${tasksText(opened)}, scrolled with ${tasksText(scrolled)} and ${scrolled.requests} requests`;
  console.log(figure);
  testInfo.annotations.push({ type: 'load', description: figure });

  const field = charts.root.getByRole('searchbox', { name: 'Find a metric' });
  await field.fill('metric777');
  await expect(charts.all).toHaveCount(1);
  await expect(charts.all).toHaveAttribute('data-last', String(19 * 777));
  expect(opened.longest).toBeLessThan(200);
  expect(scrolled.longest).toBeLessThan(100);
});

test('of a hundred thousand metrics those that a page does not list are found by their names', async ({
  page,
  tmpPath
}, testInfo) => {
  test.setTimeout(300 * 1000);
  const panel = new WorkspacePanel(page);
  await page.setViewportSize({ width: 1440, height: 960 });
  await openNotebook(page, `${tmpPath}/names.ipynb`, [LOAD, VERY_MANY]);
  await panel.open();
  await runCells(page, 0, 1);
  // So many names take their time to be stored, where others want the processor too.
  const row = panel.rows.first();
  await expect(row).toHaveAttribute('data-status', 'Completed', LONG);
  const id = await panel.newest('Completed');
  const charts = new RunCharts(page, id);
  const opening = measure(page, 6);
  const asked = Date.now();
  await charts.open(panel.row(id));
  await charts.root
    .getByText('The first 5,000 of 100,000 metrics are listed.')
    .waitFor(LONG);
  const listed_ms = Date.now() - asked;
  const opened = await opening;
  const field = charts.root.getByRole('searchbox', { name: 'Find a metric' });
  // Its place is behind those that are listed, in whatever order a page has them.
  const typed = Date.now();
  await field.fill('PART77 metric77777');
  await charts.root.locator('[data-last="77777"]').waitFor(SOON);
  const found_ms = Date.now() - typed;
  await expect(charts.all).toHaveCount(1);
  await field.fill('never');
  await expect(charts.root.getByRole('status')).toHaveText(
    'No metric has a name like that.'
  );
  const figure = `100,000 metrics: listed in ${listed_ms} ms, ${tasksText(opened)}; one found and drawn in ${found_ms} ms`;
  console.log(figure);
  testInfo.annotations.push({ type: 'load', description: figure });
  expect(opened.longest).toBeLessThan(200);
});
