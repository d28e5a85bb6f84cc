import { expect, test } from '@jupyterlab/galata';

import { expectAccessible } from '../helpers/axe';
import { LOAD, openNotebook, runCells } from '../helpers/notebook';
import { unfold, WorkspacePanel } from '../helpers/panel';

/** A run that logs series of every kind of value, and a large table. */
const VALUES = `%%submit values
import math, random
from jupyter_mlws import Run

random.seed(5)
run = Run.get_context()
for epoch in range(12):
    weights = [random.gauss(epoch / 6, 1 + epoch / 10) for _ in range(2_000)]
    run.log_histogram("weights", weights, step=epoch, bins=40)
    run.log_image("ramp", plot=[[(x * 2 + epoch * 20) % 256 for x in range(120)] for y in range(60)], step=epoch)
    run.log_text("sample", f"Epoch {epoch}: once upon a time <b>there</b> was\\na model.", step=epoch)
run.log_audio("tone", [math.sin(i / 8) for i in range(16_000)], sample_rate=16_000)
class Plotly:
    def to_plotly_json(self): return {}
    def to_json(self): return '{"data": [{"y": [1, 2.5e-3], "name": "a, {b}"}], "layout": {}}'
run.log_figure("plot", Plotly())
run.log_table("predictions", {"id": range(12_000), "score": [random.random() for _ in range(12_000)]})
`;

const PLOT = JSON.stringify(
  { data: [{ y: [1, 2.5], name: 'a, {b}' }], layout: {} },
  null,
  2
).replace('2.5', '2.5e-3');

test('series of values are looked through, light and dark', async ({
  page,
  tmpPath
}, testInfo) => {
  test.setTimeout(120 * 1000);
  const panel = new WorkspacePanel(page);
  await page.setViewportSize({ width: 1240, height: 1000 });
  await openNotebook(page, `${tmpPath}/values.ipynb`, [LOAD, VALUES]);
  await panel.open();
  await page.sidebar.setWidth(320, 'left');
  await runCells(page, 0, 1);
  await panel.newest('Completed');
  const metric = (name: string) =>
    panel.detail.locator(`[data-metric="${name}"]`);
  await expect(panel.detail.locator('[data-metric]')).toHaveCount(6);
  for (const name of [
    'plot',
    'predictions',
    'ramp',
    'sample',
    'tone',
    'weights'
  ]) {
    await unfold(metric(name));
  }

  // Without a picture a figure of plotly is what it is drawn from, a line for each part.
  await expect(metric('plot')).toContainText('plotly.io.from_json');
  await expect.poll(() => metric('plot').locator('pre').innerText()).toBe(PLOT);

  const image = metric('ramp').getByRole('img', { name: 'Image ramp' });
  await expect(image).toHaveAttribute('src', /^blob:/);
  const slider = metric('ramp').getByRole('slider');
  await expect(slider).toHaveAttribute('aria-valuetext', 'step 11 · 12 of 12');
  const newest = await image.getAttribute('src');
  await slider.focus();
  await page.keyboard.press('ArrowLeft');
  await expect(slider).toHaveAttribute('aria-valuetext', 'step 10 · 11 of 12');
  await expect(image).not.toHaveAttribute('src', newest!);

  await expect(metric('sample').locator('pre')).toContainText(
    'Epoch 11: once upon a time <b>there</b> was'
  );
  await expect(metric('weights').locator('rect[data-count]')).toHaveCount(40);
  await metric('weights').getByRole('button', { name: 'Over steps' }).click();
  await expect(metric('weights').locator('.jp-mlws-ridges path')).toHaveCount(
    12
  );
  const sound = metric('tone').locator('audio');
  await expect(sound).toHaveAttribute('src', /^blob:/);
  await expect
    .poll(() => sound.evaluate((it: HTMLAudioElement) => it.duration))
    .toBeCloseTo(1, 1);
  await expect(metric('predictions')).toContainText('0–49 of 12,000');
  await metric('predictions').getByRole('button', { name: 'Last' }).click();
  await expect(metric('predictions')).toContainText('11,950–11,999 of 12,000');

  await expectAccessible(page, '.jp-mlws-typed');
  for (const theme of ['light', 'dark']) {
    if (theme === 'dark') {
      await page.theme.setDarkTheme();
    }
    await metric('weights').scrollIntoViewIfNeeded();
    await testInfo.attach(`values-${theme}`, {
      body: await page.screenshot({
        path: testInfo.outputPath(`${theme}.png`)
      }),
      contentType: 'image/png'
    });
  }
});
