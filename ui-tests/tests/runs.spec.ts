import { expect, test } from '@jupyterlab/galata';

import { look } from '../helpers/look';
import { LOAD, openNotebook, runCells } from '../helpers/notebook';
import { WorkspacePanel } from '../helpers/panel';

const FOLDS = `%%submit folds
from jupyter_mlws import Run

run = Run.get_context()
with run.child_run("fold 1") as child:
    child.log("loss", 0.25)
    with child.child_run("inner") as inner:
        inner.log("loss", 0.125)
`;

const IN_KERNEL = `from jupyter_mlws import Experiment, Workspace

experiment = Experiment(Workspace.from_config(), "by-hand")
run = experiment.start_logging(snapshot_directory=None)
run.log("loss", 0.5)
run.log_row("epochs", epoch=0)`;

const SWEEP = `%%submit rates --sweep lr=0.25,0.5,0.75
lr = 0.1
mlws.log(acc=1 - lr)`;

const PLAIN = `%%submit rates
mlws.log(acc=0.125)`;

const REGISTER = `%%submit models
from pathlib import Path
from jupyter_mlws import Run

Path("outputs").mkdir(exist_ok=True)
Path("outputs/model.bin").write_bytes(b"weights")
Run.get_context().register_model(
    "digits",
    "outputs/model.bin",
    description="Knows all ten.",
    model_framework="ScikitLearn",
    model_framework_version="1.7",
)
`;

test('child runs of a script are nested, and runs are repeated, deleted and restored', async ({
  page,
  tmpPath
}) => {
  const panel = new WorkspacePanel(page);
  await openNotebook(page, `${tmpPath}/folds.ipynb`, [LOAD, FOLDS]);
  await panel.open();
  await runCells(page, 0, 1);
  const parent = await panel.newest('Completed');
  await expect(panel.rows).toHaveCount(1);
  await panel.root.getByRole('tree').focus();
  await page.keyboard.press('ArrowRight');
  await expect(panel.rows).toHaveCount(2);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await expect(panel.rows).toHaveCount(3);
  await expect(panel.rows.nth(2)).toHaveAttribute('aria-level', '3');
  await expect(panel.rows.nth(2)).toContainText('inner');

  await page.keyboard.press('Home');
  await page.keyboard.press('Shift+F10');
  await expect(
    page.getByRole('menuitem', { name: 'Delete Run' })
  ).toBeVisible();
  await page.keyboard.press('Escape');
  await panel.row(parent).click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Re-run…', exact: true }).click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: 'Run again' })
    .click();
  await expect(panel.rows.first()).not.toHaveAttribute('data-run', parent);
  const again = await panel.newest('Completed');

  await panel.row(parent).click();
  await panel.detail.getByRole('button', { name: /^Delete #/ }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('restored for 7 days');
  await dialog.getByRole('button', { name: 'Delete run' }).click();
  await expect(panel.row(parent)).toHaveCount(0);
  await expect(panel.row(again)).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(panel.row(parent)).toHaveAttribute('aria-selected', 'true');
});

test('a sweep tells its best value, and is found and opened by what its children have', async ({
  page,
  tmpPath
}, testInfo) => {
  const panel = new WorkspacePanel(page);
  await openNotebook(page, `${tmpPath}/rates.ipynb`, [LOAD, SWEEP, PLAIN]);
  await panel.open();
  await runCells(page, 0, 1);
  const sweep = await panel.newest('Completed');
  await expect(panel.row(sweep)).toContainText('0.7500');
  await expect(panel.row(sweep)).toHaveAttribute(
    'aria-label',
    /best acc 0\.7500, of #\d+/
  );
  await runCells(page, 2);
  await expect(panel.rows).toHaveCount(2);
  await panel.newest('Completed');

  await panel.search.fill('metrics.acc > 0.4');
  await expect(panel.rows).toHaveCount(3);
  await expect(panel.rows.first()).toHaveAttribute('data-run', sweep);
  await expect(panel.rows.nth(1)).toContainText('lr 0.25');
  await expect(panel.rows.nth(2)).toContainText('lr 0.5');
  await look(page, testInfo, 'found-below', '#jp-mlws-panel');

  // What its user closes stays so, and all children are there again when nothing is looked for.
  await panel.rows.first().locator('.jp-mlws-row-twisty').click();
  await expect(panel.rows).toHaveCount(1);
  await panel.search.fill('');
  await expect(panel.rows).toHaveCount(2);
  await panel.row(sweep).locator('.jp-mlws-row-twisty').click();
  await expect(panel.rows).toHaveCount(5);

  // Two of them are compared from their menu.
  await panel.rows.nth(2).click();
  await panel.rows.nth(4).click({ modifiers: ['Control'] });
  const newer = (await panel.rows.nth(4).getAttribute('data-run'))!;
  await panel.rows.nth(4).click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Compare 2 Runs' }).click();
  const compared = page
    .locator(`.jp-mlws-page[id$="-${newer}"]`)
    .getByRole('tabpanel');
  const differing = compared.getByRole('group', { name: 'Parameters' });
  await expect(differing.locator('tbody tr')).toHaveText(['lr0.250.75']);
  await expect(compared.getByLabel('Compare with run')).toHaveValue(/^\d+$/);
});

test('a run that a kernel logs is live, says where it is, and ends where its notebook says so', async ({
  page,
  tmpPath
}) => {
  const panel = new WorkspacePanel(page);
  await openNotebook(page, `${tmpPath}/kernel.ipynb`, [
    LOAD,
    IN_KERNEL,
    'run.log("loss", 0.25)\nrun.log_row("epochs", epoch=1)',
    'run.complete()'
  ]);
  await panel.open();
  await runCells(page, 0, 1);
  const id = await panel.newest('Running');
  await expect(panel.row(id)).toContainText('kernel');
  await expect(panel.detail).toContainText('in a kernel');
  await expect(panel.chart).toHaveAttribute('data-count', '1');
  const rows = panel.detail.locator('[data-metric="epochs"] tbody tr');
  await expect(rows).toHaveCount(1);
  await runCells(page, 2);
  await expect(panel.chart).toHaveAttribute('data-count', '2');
  await expect(rows).toHaveCount(2);
  await runCells(page, 3);
  await panel.newest('Completed');
});

test('a registered model tells its aliases and framework, and is downloaded', async ({
  page,
  tmpPath
}) => {
  const panel = new WorkspacePanel(page);
  await openNotebook(page, `${tmpPath}/models.ipynb`, [
    LOAD,
    REGISTER,
    'from jupyter_mlws import Model, Workspace\nModel(Workspace.from_config(), "digits").set_alias("production")'
  ]);
  await panel.open();
  await runCells(page, 0, 1);
  await panel.newest('Completed');
  await panel.root.getByRole('button', { name: /Models/ }).click();
  // Other tests may have left models, too.
  const model = panel.root
    .locator('.jp-mlws-model')
    .filter({ hasText: 'ScikitLearn' });
  await expect(model).toContainText('ScikitLearn 1.7');
  await runCells(page, 2);
  await expect(model).toContainText('production');
  await model.locator('summary').click();
  await expect(model).toContainText('Knows all ten.');
  const download = page.waitForEvent('download');
  await model.getByRole('button', { name: /^Download .*model.bin/ }).click();
  expect((await download).suggestedFilename()).toBe('model.bin');
});

test('sections of the panel are as high as what is in them, however many are open', async ({
  page
}) => {
  await page.setViewportSize({ width: 1366, height: 700 });
  const panel = new WorkspacePanel(page);
  await panel.open();
  for (const name of ['Compute', 'Secrets', 'Environments']) {
    const list = await panel.section(name);
    await expect
      .poll(() => list.evaluate(it => it.scrollHeight - it.clientHeight))
      // Long ones scroll, and are no slits.
      .toBeLessThanOrEqual(name === 'Environments' ? 240 : 0);
    await expect
      .poll(() => list.evaluate(it => it.clientHeight))
      .toBeGreaterThan(80);
  }
  const tree = panel.root.locator('[data-section=runs].jp-mlws-section');
  await expect
    .poll(() => tree.evaluate(it => it.getBoundingClientRect().height))
    .toBeGreaterThanOrEqual(160);
  await panel.root.evaluate(it => it.scrollTo(0, it.scrollHeight));
  await expect(
    panel.root.getByRole('group', { name: 'Secrets', exact: true })
  ).toBeInViewport({ ratio: 0.9 });
  await expect(panel.search).toBeInViewport();
});
