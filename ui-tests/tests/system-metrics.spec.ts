import { expect, test } from '@jupyterlab/galata';

import { RunCharts } from '../helpers/charts';
import { look } from '../helpers/look';
import { LOAD, openNotebook, runCells } from '../helpers/notebook';
import { unfold, WorkspacePanel } from '../helpers/panel';

const SOON = { timeout: 45000 };
const GATE = 'import os\ngate = os.path.abspath("gate")';
/**
 * The agent measures each second what the run uses, and so do we here for GPUs that the machine has not: into the run's
 * journal, with the writer and the names that the agent has. They come into use when the gate opens.
 * Nothing waits for ever, as a run outlives the test that failed.
 */
const TRAINS = `%%submit trains
import math, os, time
from jupyter_mlws.runfolder.journal_writer import JournalWriter

measured = JournalWriter(os.environ["MLWS_RUN_FOLDER"])
began = time.time()
for step in range(100):
    mlws.log(loss=1 / (step + 1), step=step)
while not os.path.exists(gate) and time.time() < began + 200:
    time.sleep(0.1)
for second in range(120):
    busy = 85 + 10 * math.sin(second / 7)
    for name, value in (("gpus", 2), ("gpu_percent", 2 * busy), ("gpu_memory_bytes", 21.5e9 * (1 - 0.8 ** (second + 1)))):
        measured.log_at(f"system/{name}", value, second, began + second)
while not os.path.exists(gate + " of the end") and time.time() < began + 400:
    time.sleep(0.1)`;

test('what a run comes to use of GPUs is drawn on a page that was open before, in units', async ({
  page,
  tmpPath
}, testInfo) => {
  test.setTimeout(240 * 1000);
  const panel = new WorkspacePanel(page);
  const open = (gate: string) =>
    page.contents.uploadContent('', 'text', `${tmpPath}/${gate}`);
  await page.setViewportSize({ width: 1440, height: 1000 });
  await openNotebook(page, `${tmpPath}/trains.ipynb`, [LOAD, GATE, TRAINS]);
  await panel.open();
  await runCells(page, 0, 1, 2);
  const id = await panel.newest('Running');
  const charts = new RunCharts(page, id);
  await charts.open(panel.row(id));
  const system = charts.root
    .locator('.jp-mlws-curve-group')
    .filter({ hasText: 'System' });
  await expect(system).toBeVisible(SOON);
  await unfold(system);
  await expect(charts.chart('system/memory_bytes')).toBeVisible(SOON);
  await expect(system.locator('[data-metric^="system/gpu"]')).toHaveCount(0);

  await open('gate');
  await expect(charts.chart('system/gpu_percent')).toHaveAttribute(
    'data-count',
    '120',
    SOON
  );
  const value = (name: string) =>
    charts.readout(`system/${name}`).locator('.jp-mlws-chart-value');
  await expect(value('gpus')).toHaveText('2');
  await expect(value('gpu_percent')).toHaveText('150.77 %');
  await expect(value('gpu_memory_bytes')).toHaveText('21.5 GB');
  await expect(charts.chart('system/gpu_memory_bytes')).toHaveAccessibleName(
    /last 21\.5 GB at step 119$/
  );
  await charts.chart('system/gpu_percent').scrollIntoViewIfNeeded();
  await page.sidebar.close('left');
  await look(page, testInfo, 'gpus', `.jp-mlws-page[id$="-${id}"]`);
  await open('gate of the end');
  // The folder with the gate goes with the test.
  await expect
    .poll(async () => (await panel.fetch(`/runs/${id}`)).status, SOON)
    .toBe('Completed');
});
