import * as fs from 'fs';
import * as path from 'path';

import {
  expect,
  galata,
  IJupyterLabPageFixture,
  test
} from '@jupyterlab/galata';
import type { Locator, TestInfo } from '@playwright/test';

import { RunCard } from '../helpers/card';
import { RunCharts } from '../helpers/charts';
import {
  beginCommand,
  LOAD,
  notebookOf,
  openFile,
  openNotebook,
  runCells
} from '../helpers/notebook';
import { unfold, WorkspacePanel } from '../helpers/panel';

const IMAGES = path.resolve(__dirname, '../../docs/images');

const THEMES = ['Light', 'Dark'];

const SWEEP = `%%submit digits --sweep rate=0.05,0.1,0.2,0.4
import math, random, time

rate, depth = 0.1, 4
for step in range(30):
    loss = math.exp(-rate * step) + 0.03 * random.random()
    mlws.log(accuracy=0.97 - 0.7 * loss / 1.03, loss=loss, step=step)
    time.sleep(0.02)`;

const WRONG = `%%submit digits
rate, depth = "fast", 4
float(rate)`;

const LIVE = `%%submit digits -t baseline -t team=vision
import math, random, time

rate, depth, solver = 0.12, 6, "adam"
for step in range(999):
    loss = math.exp(-rate * step / 3) + 0.03 * random.random()
    mlws.log(accuracy=0.98 - 0.7 * loss / 1.03, loss=loss, step=step)
    print(f"epoch {step:3}  loss {loss:.3f}")
    time.sleep(0.08)`;

test('the panel and a card as the README shows them, light and dark', async ({
  page,
  tmpPath
}, testInfo) => {
  const panel = new WorkspacePanel(page);
  const card = new RunCard(page, 3);
  await page.setViewportSize({ width: 1120, height: 760 });
  await openNotebook(page, `${tmpPath}/first.ipynb`, [
    LOAD,
    SWEEP,
    WRONG,
    LIVE
  ]);
  await page.sidebar.openTab('jp-mlws-panel');
  await page.sidebar.setWidth(280, 'left');
  await runCells(page, 0, 1, 2);
  await expect(panel.rows).toHaveCount(2);
  await panel.newest('Failed');
  await expect(panel.rows.nth(1)).toHaveAttribute('data-status', 'Completed', {
    timeout: 30000
  });
  await runCells(page, 3);
  await panel.newest('Running');
  await panel.rows.nth(2).locator('.jp-mlws-row-twisty').click();
  await expect(panel.rows).toHaveCount(7);
  await expect(card.charts).toHaveCount(2);
  await card.log.scrollIntoViewIfNeeded();
  await page.mouse.move(700, 5);
  await expect
    .poll(
      async () => Number(await card.charts.first().getAttribute('data-count')),
      { timeout: 30000 }
    )
    .toBeGreaterThan(80);
  for (const theme of THEMES) {
    await page.theme.setTheme(`JupyterLab ${theme}`);
    await expectDrawn(card.charts.first());
    await page.screenshot({
      path: fileOf(testInfo, 'panel', theme),
      animations: 'disabled'
    });
  }
  await card.cancel();
  await panel.newest('Canceled');
});

/** Where a picture goes: tracked files change only when somebody asks for it. */
function fileOf(testInfo: TestInfo, name: string, theme: string): string {
  const file = `${name}${theme === 'Dark' ? '-dark' : ''}.png`;
  const place = process.env.MLWS_UPDATE_IMAGES
    ? path.join(IMAGES, file)
    : testInfo.outputPath(file);
  fs.mkdirSync(path.dirname(place), { recursive: true });
  return place;
}

/** Take a picture of a part of the page in both themes. */
async function shoot(
  page: IJupyterLabPageFixture,
  testInfo: TestInfo,
  name: string,
  part: Locator
): Promise<void> {
  for (const theme of THEMES) {
    await page.theme.setTheme(`JupyterLab ${theme}`);
    await part.screenshot({
      path: fileOf(testInfo, `tour-${name}`, theme),
      animations: 'disabled'
    });
  }
}

const FIRST = `%%submit digits --as fit -t baseline -t team=vision
from pathlib import Path

rate, depth = 0.12, 6
for step in range(60):
    loss = math.exp(-rate * step / 3) + 0.03 * random.random()
    mlws.log(accuracy=0.98 - 0.7 * loss / 1.03, loss=loss, step=step)
    print(f"epoch {step:2}  loss {loss:.3f}")
Path("net.joblib").write_bytes(bytes(120_000))
model = {"rate": rate, "depth": depth}
f"{loss:.4f} at the end"`;

const FOUR = `%%submit digits --sweep rate=0.05,0.1,0.2,0.4
rate = 0.1
for step in range(60):
    loss = math.exp(-rate * step) + 0.05 * random.random()
    mlws.log({"loss": loss, "accuracy": 0.97 - 0.7 * loss / 1.05, "val/loss": loss * 1.1, "val/f1": 0.9 - 0.6 * loss / 1.05}, step=step)`;

const VALUES = `%%submit digits
from jupyter_mlws import Run

run = Run.get_context()
for epoch in range(12):
    run.log_histogram("weights", [random.gauss(epoch / 6, 1 + epoch / 10) for _ in range(2_000)], step=epoch, bins=40)
    run.log_text("sample", f"Epoch {epoch}: once upon a time there was a model.", step=epoch)
truth = [random.randrange(4) for _ in range(200)]
guess = [t if random.random() < 0.85 else random.randrange(4) for t in truth]
run.log_confusion_matrix("digits", y_true=truth, y_pred=guess)
run.log_table("predictions", {"id": range(12_000), "score": [random.random() for _ in range(12_000)]})`;

const TRAIN = {
  source:
    'rate = 0.1  # how fast it learns\nepochs = 20\nsolver = "adam"\naugment = True',
  tags: ['parameters']
};

// Its name is in the pictures.
test.use({
  tmpPath: async ({ request }, use) => {
    const contents = galata.newContentsHelper(request);
    await contents.createDirectory('project');
    await use('project');
    await contents.deleteDirectory('project');
  }
});

test('the pictures of the tour, light and dark', async ({
  page,
  tmpPath
}, testInfo) => {
  test.setTimeout(180 * 1000);
  const panel = new WorkspacePanel(page);
  const card = new RunCard(page, 1);
  const take = (name: string, part: Locator) =>
    shoot(page, testInfo, name, part);
  const main = page.locator('#jp-main-dock-panel');
  await page.setViewportSize({ width: 1180, height: 860 });
  await openNotebook(page, `${tmpPath}/digits.ipynb`, [
    `${LOAD}\nimport math, random`,
    FIRST,
    FOUR,
    VALUES,
    WRONG
  ]);
  await page.sidebar.openTab('jp-mlws-panel');
  await page.sidebar.setWidth(280, 'left');
  await runCells(page, 0, 1);
  const first = await panel.newest('Completed');
  await expect(card.charts).toHaveCount(2);
  await expect(card.root).toContainText('at the end');
  await card.root.scrollIntoViewIfNeeded();
  await page.mouse.move(700, 5);
  await take('card', main);

  await runCells(page, 2, 3, 4);
  await expect(panel.rows).toHaveCount(4);
  await panel.newest('Failed');
  const completed = '[role=treeitem][data-status=Completed]';
  await expect(panel.root.locator(completed)).toHaveCount(3, {
    timeout: 60000
  });
  const [, values, sweep] = await panel.rows.evaluateAll(all =>
    all.map(it => (it as HTMLElement).dataset.run!)
  );
  await panel.row(sweep).locator('.jp-mlws-row-twisty').click();
  await expect(panel.rows).toHaveCount(8);
  const compute = await panel.section('Compute');
  await expect(compute.getByRole('meter').first()).toBeVisible();
  await panel.row(first).click();
  await page.mouse.move(700, 5);
  await take('panel', panel.root);

  await panel.root.locator('.jp-mlws-switcher').click();
  await expect(page.locator('.jp-mlws-switcher-menu')).toBeVisible();
  await takeCorner(page, testInfo);
  await page.keyboard.press('Escape');

  await page.sidebar.openTab('jp-mlws-details');
  await page.sidebar.setWidth(340, 'right');
  await expect(panel.chart).toHaveAttribute('data-count', '60');
  await take('details', panel.details);
  await page.sidebar.close('right');

  await panel.row(first).dblclick();
  await expect(page.locator(`.jp-mlws-page[id$="-${first}"]`)).toContainText(
    'net.joblib'
  );
  await page.mouse.move(700, 5);
  await take('page', main);
  const charts = new RunCharts(page, sweep);
  await charts.open(panel.row(sweep));
  await expect(charts.all.first()).toHaveAttribute('data-series', '4');
  await charts.all.first().focus();
  await charts.all.first().press('End');
  await take('charts', main);

  const seen = new RunCharts(page, values);
  await seen.open(panel.row(values));
  for (const name of ['weights', 'digits']) {
    const metric = seen.root.locator(`[data-metric="${name}"]`);
    await expect(metric).toBeVisible();
    await unfold(metric);
  }
  // The table above them is as high as the picture.
  await expect(
    seen.root.getByRole('img', { name: /^Histogram weights/ })
  ).toHaveCount(1);
  await seen.root
    .locator('[data-metric="sample"]')
    .evaluate(metric => metric.scrollIntoView());
  await page.mouse.move(700, 5);
  await take('values', main);

  const path = `${tmpPath}/train.ipynb`;
  const content = JSON.stringify(notebookOf([TRAIN]));
  await page.contents.uploadContent(content, 'text', path);
  await openFile(page, path);
  await beginCommand(page, 'mlws:run-notebook-as-job');
  const form = page.locator('.jp-Dialog-content');
  await expect(form.getByRole('textbox', { name: 'rate' })).toHaveValue('0.1');
  await take('notebook', form);
  await page.keyboard.press('Escape');
});

/** The upper left corner with the list of workspaces, in both themes. */
async function takeCorner(
  page: IJupyterLabPageFixture,
  testInfo: TestInfo
): Promise<void> {
  for (const theme of THEMES) {
    await page.theme.setTheme(`JupyterLab ${theme}`);
    await page.screenshot({
      path: fileOf(testInfo, 'tour-workspaces', theme),
      clip: { x: 0, y: 0, width: 420, height: 300 },
      animations: 'disabled'
    });
  }
}

/**
 * The canvas holds a line in the theme's colour that rises from left to right, as the values do.
 */
async function expectDrawn(chart: Locator): Promise<void> {
  const columns = () =>
    chart.evaluate(host => {
      const canvas = host.querySelector('canvas')!;
      const { width, height } = canvas;
      const { data } = canvas
        .getContext('2d')!
        .getImageData(0, 0, width, height);
      const probe = document.createElement('canvas').getContext('2d')!;
      probe.fillStyle =
        getComputedStyle(host).getPropertyValue('--jp-brand-color1');
      probe.fillRect(0, 0, 1, 1);
      const wanted = probe.getImageData(0, 0, 1, 1).data;
      const rows: number[][] = [[], []];
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const at = 4 * (y * width + x);
          const near = [0, 1, 2].every(
            i => Math.abs(data[at + i] - wanted[i]) < 40
          );
          if (near && data[at + 3] > 128) {
            rows[x < width / 2 ? 0 : 1].push(y);
          }
        }
      }
      const mean = (list: number[]) =>
        list.reduce((sum, y) => sum + y, 0) / list.length;
      return {
        pixels: rows[0].length + rows[1].length,
        rise: mean(rows[0]) - mean(rows[1])
      };
    });
  await expect.poll(async () => (await columns()).pixels).toBeGreaterThan(150);
  expect((await columns()).rise).toBeGreaterThan(5);
}
