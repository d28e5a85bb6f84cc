import * as fs from 'fs';

import { expect, test } from '@jupyterlab/galata';
import type { Download } from '@playwright/test';

import { rangeAfter, rowsOf, RunCharts } from '../helpers/charts';
import { reloadKept } from '../helpers/layout';
import { look } from '../helpers/look';
import { LOAD, openNotebook, runCells } from '../helpers/notebook';
import { WorkspacePanel } from '../helpers/panel';

const SHAPES = String.raw`%%submit shapes
import math, random
random.seed(1)
for step in range(6000):
    loss = 2 * math.exp(-step / 900) + 0.05 + random.gauss(0, 0.06)
    mlws.log(loss=loss, step=step)
for step in range(40):
    mlws.log(
        accuracy=1 - math.exp(-step / 8),
        spiky=1e6 if step == 20 else math.sin(step / 4),
        broken=math.nan if 10 <= step < 14 else math.inf if step == 25 else step / 40,
        negative=-1.0 - step,
        step=step,
    )
    mlws.log({"train/f1": step / 40, "train/recall": step / 50, "val/f1": step / 60}, step=step)`;

const SWEEP = `%%submit sweep --sweep lr=0.1,0.2,0.3,0.4
import math
lr = 0
for step in range(100):
    mlws.log(loss=math.exp(-lr * step / 8) + lr / 8, step=step)`;

const TAKEN = `%%submit taken
for step in range(40):
    mlws.log({"train/f1": step / 40, "loss": 1 / (1 + step)}, step=step)`;

async function bytesOf(download: Download): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of await download.createReadStream()) {
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts);
}

test('charts are zoomed into, read by keys, and say what they cannot show', async ({
  page,
  tmpPath
}, testInfo) => {
  test.setTimeout(150 * 1000);
  const panel = new WorkspacePanel(page);
  await page.setViewportSize({ width: 1440, height: 960 });
  await openNotebook(page, `${tmpPath}/shapes.ipynb`, [LOAD, SHAPES]);
  await panel.open();
  await runCells(page, 0, 1);
  const id = await panel.newest('Completed');
  const charts = new RunCharts(page, id);
  await charts.open(panel.row(id));
  const loss = charts.chart('loss');
  await expect(loss).toHaveAttribute('data-count', '6000');
  await expect(charts.chart('train/f1')).toHaveAttribute('data-count', '40');
  await look(page, testInfo, 'charts', '.jp-mlws-page');

  // A stretch is read again, in full, and all charts show it.
  const coarse = await rowsOf(loss, 100);
  expect(coarse).toBeLessThanOrEqual(1200);
  const whole = (await loss.getAttribute('data-range'))!;
  expect(whole).toMatch(/^\d 5999$/);
  await charts.mark(loss, 0.1, 0.2);
  const [low, high] = await rangeAfter(loss, whole);
  expect(low).toBeGreaterThan(500);
  expect(high).toBeLessThan(1300);
  await rowsOf(loss, Math.floor(high - low) - 1);
  const accuracy = charts.chart('accuracy');
  await expect(accuracy).toHaveAttribute('data-range', `${low} ${high}`);
  await loss.locator('.u-over').dblclick();
  await expect(loss).toHaveAttribute('data-range', whole);
  // Charts are drawn one after another, and keys go to what is drawn.
  await expect(accuracy).toHaveAttribute('data-range', '0 39');

  // Keys read values, which are said aloud.
  await accuracy.focus();
  await accuracy.press('Home');
  await accuracy.press('ArrowRight');
  await accuracy.press('ArrowRight');
  await expect(charts.readout('accuracy')).toContainText('0.2212');
  await expect(charts.readout('accuracy')).toContainText('step 2');
  await expect(charts.readout('loss')).toContainText('step');
  await expect(
    charts.root.locator('figure[data-metric=accuracy] [aria-live]')
  ).toHaveText('0.2212, step 2');
  await accuracy.press('+');
  await expect(accuracy).not.toHaveAttribute('data-range', '0 39');
  await accuracy.press('0');
  await expect(accuracy).toHaveAttribute('data-range', '0 39');

  // What cannot be shown is said.
  const { options } = charts;
  await expect(charts.root.locator('figure[data-metric=broken]')).toContainText(
    '4 NaN'
  );
  await options.getByLabel('Log scale').check();
  await expect(loss).toHaveAttribute('data-scale', 'logarithmic');
  await expect(
    charts.root.locator('figure[data-metric=negative]')
  ).toContainText('no value above 0');
  await expect(charts.root.locator('figure[data-metric=spiky]')).toContainText(
    '≤ 0 not shown'
  );
  await charts.choose('loss', 'Logarithmic axis');
  await expect(loss).toHaveAttribute('data-scale', 'linear');
  await options.getByLabel('Clip outliers').check();
  await expect(charts.root.locator('figure[data-metric=spiky]')).toContainText(
    'one outlier'
  );
});

test('options stay after a reload, and charts fill the screen and are taken away', async ({
  page,
  tmpPath
}, testInfo) => {
  const panel = new WorkspacePanel(page);
  await page.setViewportSize({ width: 1440, height: 960 });
  await openNotebook(page, `${tmpPath}/taken.ipynb`, [LOAD, TAKEN]);
  await panel.open();
  await runCells(page, 0, 1);
  const id = await panel.newest('Completed');
  const charts = new RunCharts(page, id);
  await charts.open(panel.row(id));
  const loss = charts.chart('loss');
  await expect(loss).toHaveAttribute('data-count', '40');
  const { options } = charts;
  await options.getByLabel('Clip outliers').check();
  await options
    .getByLabel('Smoothing', { exact: true })
    .selectOption('exponential');
  await charts.choose('loss', 'Logarithmic axis');
  await expect(loss).toHaveAttribute('data-scale', 'logarithmic');
  await options.getByLabel('X axis').selectOption('relative');
  await expect(loss).toHaveAttribute('data-range', /^-?[\d.e-]+ [\d.]+$/);
  await options.getByLabel('X axis').selectOption('step');

  // The page comes back with its tab, and draws as it did.
  await reloadKept(page, `"run":"${id}","tab":"metrics"`);
  await expect(loss).toHaveAttribute('data-count', '40', { timeout: 30000 });
  await expect(options.getByLabel('Clip outliers')).toBeChecked();
  await expect(options.getByLabel('Smoothing', { exact: true })).toHaveValue(
    'exponential'
  );
  await expect(loss).toHaveAttribute('data-scale', 'logarithmic');
  await expect(charts.chart('train/f1')).toHaveAttribute(
    'data-scale',
    'linear'
  );

  // All of the window, and back.
  await loss.focus();
  await loss.press('f');
  await expect(charts.dialog).toBeVisible();
  await expect(
    charts.dialog.getByRole('img', { name: /^Chart of loss/ })
  ).toHaveAttribute('data-count', '40');
  await look(page, testInfo, 'full', '.jp-mlws-chart-dialog');
  await page.keyboard.press('Escape');
  await expect(charts.dialog).toHaveCount(0);
  await expect(loss).toBeFocused();

  // Numbers and pictures are taken away.
  const csv = page.waitForEvent('download');
  await charts.choose('train/f1', 'Save as CSV');
  expect((await csv).suggestedFilename()).toBe('train-f1.csv');
  const lines = (await bytesOf(await csv)).toString().trim().split('\n');
  expect(lines).toHaveLength(41);
  expect(lines[0]).toBe('step,time,train/f1');
  expect(lines[21]).toMatch(/^20,20\d\d-.*Z,0\.5$/);
  const png = page.waitForEvent('download');
  await charts.choose('loss', 'Save as PNG');
  const picture = await bytesOf(await png);
  expect(picture.subarray(1, 4).toString()).toBe('PNG');
  fs.writeFileSync(testInfo.outputPath('taken.png'), picture);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await charts.choose('train/f1', 'Copy values');
  await expect(charts.root).toContainText('Copied the values.');
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied.trim().split('\n')).toEqual(lines);
});

test('the runs of a sweep lie over each other, each in its colour', async ({
  page,
  tmpPath
}, testInfo) => {
  const panel = new WorkspacePanel(page);
  await page.setViewportSize({ width: 1100, height: 800 });
  await openNotebook(page, `${tmpPath}/sweep.ipynb`, [LOAD, SWEEP]);
  await panel.open();
  await runCells(page, 0, 1);
  const id = await panel.newest('Completed');
  const charts = new RunCharts(page, id);
  await charts.open(panel.row(id));
  const loss = charts.chart('loss');
  await expect(loss).toHaveAttribute('data-series', '4');
  await expect(loss).toHaveAttribute('data-count', '400');
  const legend = charts.root.getByRole('list', { name: 'Runs' });
  await expect(legend.getByRole('button')).toHaveCount(4);
  await expect(legend).toContainText('lr=0.3');
  await legend.getByRole('button').nth(2).click();
  await loss.focus();
  await loss.press('End');
  await expect(charts.readout('loss')).toContainText('lr=0.3');
  await look(page, testInfo, 'sweep', '.jp-mlws-page');
  await loss.press('f');
  await expect(
    charts.dialog.getByRole('list', { name: 'Runs' }).getByRole('button')
  ).toHaveCount(4);
  await look(page, testInfo, 'sweep-full');
});
