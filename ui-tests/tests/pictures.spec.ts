import * as fs from 'fs';
import * as path from 'path';

import { expect, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

import { LOAD, openNotebook, runCells } from '../helpers/notebook';
import { WorkspacePanel } from '../helpers/panel';

const IMAGES = path.resolve(__dirname, '../../docs/images');

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
for step in range(400):
    loss = math.exp(-rate * step / 3) + 0.03 * random.random()
    mlws.log(accuracy=0.98 - 0.7 * loss / 1.03, loss=loss, step=step)
    print(f"epoch {step:3}  loss {loss:.3f}")
    time.sleep(0.08)`;

test('the panel as the README shows it, light and dark', async ({
  page,
  tmpPath
}, testInfo) => {
  const panel = new WorkspacePanel(page);
  await page.setViewportSize({ width: 1240, height: 960 });
  await openNotebook(page, `${tmpPath}/digits.ipynb`, [
    LOAD,
    SWEEP,
    WRONG,
    LIVE
  ]);
  await panel.open();
  await page.sidebar.setWidth(280, 'left');
  await runCells(page, 0, 1, 2);
  await expect(panel.rows).toHaveCount(2);
  await panel.newest('Failed');
  await expect(panel.rows.nth(1)).toHaveAttribute('data-status', 'Completed', {
    timeout: 30000
  });
  await runCells(page, 3);
  await panel.newest('Running');
  const sweep = panel.rows.nth(2);
  await sweep.locator('.jp-mlws-row-twisty').click();
  await expect(panel.rows).toHaveCount(7);
  await page.mouse.move(700, 600);
  await expect
    .poll(async () => Number(await panel.chart.getAttribute('data-count')), {
      timeout: 30000
    })
    .toBeGreaterThan(80);
  await panel.detail.evaluate(it => it.scrollTo(0, 0));
  for (const [theme, name] of [
    ['JupyterLab Light', 'panel'],
    ['JupyterLab Dark', 'panel-dark']
  ]) {
    await page.theme.setTheme(theme);
    await expectDrawn(panel.chart);
    // Tracked files change only when somebody asks for it.
    const file = process.env.MLWS_UPDATE_IMAGES
      ? path.join(IMAGES, `${name}.png`)
      : testInfo.outputPath(`${name}.png`);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    await page.screenshot({ path: file, animations: 'disabled' });
  }
  await panel.cancel();
  await panel.newest('Canceled');
});

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
