import { expect, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

import { expectAccessible } from '../helpers/axe';
import { LOAD, openNotebook, runCells } from '../helpers/notebook';
import { unfold, WorkspacePanel } from '../helpers/panel';

/** A run that logs a value of each type. */
const EVERY_TYPE = `%%submit typed
import random
from jupyter_mlws import Run

random.seed(5)
run = Run.get_context()
run.log_list("steps", [0.5, 1, "warm-up", None, float("nan")])
for epoch in range(70):
    run.log_row("epochs", epoch=epoch, loss=1 / (epoch + 1))
run.log_table("grid", {"depth": [2, 4, 8], "accuracy": [0.81, 0.93, 0.9]}, description="by depth")
run.log_image("ramp", plot=[[x * 2 for x in range(120)] for y in range(60)], step=7)

animals = ["cat", "dog", "owl"]
truth = [random.choice(animals) for _ in range(300)]
scores = []
for animal in truth:
    marks = [random.random() + 0.6 * (animal == each) for each in animals]
    scores.append([mark / sum(marks) for mark in marks])
guess = [animals[row.index(max(row))] for row in scores]
run.log_confusion_matrix("animals", y_true=truth, y_pred=guess)
run.log_accuracy_table("quality", y_true=truth, y_score=scores)

x = [random.uniform(0, 10) for _ in range(400)]
y = [each + random.gauss(0, 0.3 + each / 8) for each in x]
run.log_residuals("errors", y_true=x, y_pred=y)
run.log_predictions("fit", y_true=x, y_pred=y)
`;

test('what a run logs besides numbers is drawn, light and dark', async ({
  page,
  tmpPath
}, testInfo) => {
  test.setTimeout(180 * 1000);
  const panel = new WorkspacePanel(page);
  await page.setViewportSize({ width: 1240, height: 1000 });
  await openNotebook(page, `${tmpPath}/typed.ipynb`, [LOAD, EVERY_TYPE]);
  await panel.open();
  await page.sidebar.setWidth(320, 'left');
  await runCells(page, 0, 1);
  await panel.newest('Completed');
  const metric = (name: string) =>
    panel.detail.locator(`[data-metric="${name}"]`);
  await expect(panel.detail.locator('[data-metric]')).toHaveCount(8);
  // The first are open; the others are opened, and stay so.
  for (const name of ['epochs', 'errors', 'fit', 'grid', 'quality', 'ramp']) {
    await unfold(metric(name));
  }
  await unfold(metric('steps'));
  await unfold(metric('animals'));

  await expect(cells(metric('steps'))).toHaveText([
    '0.5',
    '1',
    'warm-up',
    '',
    'NaN'
  ]);
  await expect(metric('grid')).toContainText('by depth');
  await expect(cells(metric('grid'))).toHaveText(
    ['2', '0.81', '4', '0.93', '8', '0.9'] // row by row
  );
  await expect(metric('epochs').locator('tbody tr')).toHaveCount(50);
  await expect(metric('epochs')).toContainText('20–69 of 70');
  await metric('epochs').getByRole('button', { name: 'First' }).click();
  await expect(metric('epochs')).toContainText('0–49 of 70');
  await expect(cells(metric('epochs')).nth(1)).toHaveText('1');

  const image = metric('ramp').getByRole('img', { name: 'Image ramp' });
  await expect(image).toHaveAttribute('src', /^blob:/);
  await expect
    .poll(() => image.evaluate((it: HTMLImageElement) => it.naturalWidth))
    .toBe(120);
  await expect(metric('ramp')).toContainText('step 7');

  const counts = metric('animals').locator('td[data-count]');
  await expect(counts).toHaveCount(9);
  const total = await counts.evaluateAll(all =>
    all.reduce((sum, it) => sum + Number((it as HTMLElement).dataset.count), 0)
  );
  expect(total).toBe(300);
  await metric('animals').getByRole('button', { name: 'Normalized' }).click();
  await expect(counts.first()).toHaveText(/^[01]\.\d\d$/);

  const chart = metric('quality').getByRole('img');
  await expect(chart).toHaveAccessibleName(
    /ROC curve of quality, mean of the classes: AUC 0\.[89]\d/
  );
  await metric('quality').getByRole('button', { name: 'PR' }).click();
  await metric('quality')
    .getByRole('combobox', { name: 'Class' })
    .selectOption('owl');
  await expect(chart).toHaveAccessibleName(
    /Precision over recall of quality, owl: AP 0\.\d+/
  );
  await metric('quality').getByRole('button', { name: 'Lift' }).click();
  await expect(chart).toHaveAccessibleName(/Lift at 10 % [23]\.?\d*/);
  await metric('quality').getByRole('button', { name: 'ROC' }).click();
  await metric('quality')
    .getByRole('combobox', { name: 'Class' })
    .selectOption('Mean of classes');

  const bars = metric('errors').locator('rect[data-count]');
  const cases = () =>
    bars.evaluateAll(all =>
      all.reduce((sum, it) => sum + Number((it as SVGElement).dataset.count), 0)
    );
  await expect.poll(cases).toBe(400);
  await expect(metric('fit').locator('.jp-mlws-plot-line')).toHaveAttribute(
    'data-points',
    '10'
  );
  await metric('fit').getByText('Numbers').click();
  await expect(metric('fit').locator('tbody tr')).toHaveCount(10);
  await metric('fit').getByText('Numbers').click();

  for (const theme of ['JupyterLab Light', 'JupyterLab Dark']) {
    await page.theme.setTheme(theme);
    await expectAccessible(page, theme);
    for (const name of ['animals', 'errors', 'fit', 'quality', 'ramp']) {
      await metric(name).evaluate(it => it.scrollIntoView({ block: 'start' }));
      const file = `${theme.split(' ')[1].toLowerCase()}-${name}.png`;
      const path = testInfo.outputPath(file);
      await panel.root.screenshot({ path, animations: 'disabled' });
    }
  }
});

/** Open a metric unless it is. */
function cells(metric: Locator): Locator {
  return metric.locator('tbody td');
}
