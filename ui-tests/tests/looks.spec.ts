import { expect, IJupyterLabPageFixture, test } from '@jupyterlab/galata';

import { RunCard } from '../helpers/card';
import { drawBlocks, expectLooks } from '../helpers/looks';
import { LOAD, openNotebook, runCells } from '../helpers/notebook';
import { WorkspacePanel } from '../helpers/panel';

const STATUSES = [
  'NotStarted',
  'Queued',
  'Provisioning',
  'Preparing',
  'Running',
  'Finalizing',
  'CancelRequested',
  'NotResponding',
  'Completed',
  'Failed',
  'Canceled'
];
const BEGAN = '2026-01-05T12:00:00.000000+00:00';
const ENDED = '2026-01-05T12:01:04.000000+00:00';
const HOUR_LATER = new Date('2026-01-05T13:00:00Z');

const FIT = `%%submit looks
rate = 0.5
for step in range(60):
    mlws.log(loss=(1 - step / 60) ** 2 + 0.1 * (step % 2), step=step)
"the result"`;

const WRONG = `%%submit looks
rate = "fast"
float(rate)`;

/** A run of the list in a status, the same on every machine. */
function line(status: string, i: number) {
  const number = 30 - i;
  const hasEnded = ['Completed', 'Failed', 'Canceled'].includes(status);
  const hasBegun = i >= STATUSES.indexOf('Running');
  return {
    id: `looks_1_${number}`,
    number,
    experiment: 'looks',
    kind: 'cell',
    status,
    status_sequence: 1,
    created_at: BEGAN,
    started_at: hasBegun ? BEGAN : null,
    ended_at: hasEnded ? ENDED : null,
    display_name: '',
    user: 'ada',
    host: 'here',
    compute_target: 'local',
    environment: '',
    tags: {},
    params: { rate: String(i), depth: '3' },
    properties: {},
    parent_id: null,
    child_count: 0,
    children_ended: 0,
    snapshot_id: null,
    source: { document: '' },
    error:
      status === 'Failed'
        ? {
            code: 'ValueError',
            message: 'could not convert string to float',
            exit_code: 1,
            signal: null,
            traceback: ''
          }
        : null,
    waiting_for: '',
    metrics: hasBegun ? [{ name: 'accuracy', count: 1, last: 0.9 }] : [],
    progress: null
  };
}

/** Answer a question of the page with fixed words. */
async function answer(
  page: IJupyterLabPageFixture,
  path: RegExp,
  json: object
): Promise<void> {
  await page.route(path, route => route.fulfill({ json }));
}

test('lines of the list in every status, and meters, look as they did', async ({
  page,
  tmpPath
}) => {
  const items = STATUSES.map(line);
  await answer(page, /\/run-lines\?/, {
    items,
    next_cursor: null,
    total: items.length,
    for_those_below: []
  });
  await answer(page, /\/compute\/local\/load/, {
    name: 'local',
    cpus: 8,
    cpu_percent: 37.4,
    memory_used_bytes: 15 * 2 ** 30,
    memory_total_bytes: 16 * 2 ** 30,
    gpus: []
  });
  const panel = new WorkspacePanel(page);
  await page.setViewportSize({ width: 1200, height: 1000 });
  await openNotebook(page, `${tmpPath}/looks.ipynb`, [LOAD]);
  await page.sidebar.openTab('jp-mlws-panel');
  await page.sidebar.setWidth(300, 'left');
  await page.clock.setFixedTime(HOUR_LATER);
  await panel.scope.selectOption('all');
  await expect(panel.rows).toHaveCount(STATUSES.length);
  for (const [i, status] of STATUSES.entries()) {
    await expect(panel.rows.nth(i)).toHaveAttribute('data-status', status);
  }
  await drawBlocks(page);
  await expectLooks(page, panel.root.locator('.jp-mlws-runs-lines'), 'lines');

  const meters = (await panel.section('Compute')).getByRole('meter');
  await expect(meters).toHaveCount(2);
  await expect(meters.first()).toHaveAttribute('aria-valuenow', '37');
  await expect(meters.nth(1)).toHaveAttribute('aria-valuenow', '94');
  // Where they stand in the panel, in parts of a pixel, hangs on what is above them.
  await panel.root.locator('.jp-mlws-meters').evaluate(part => {
    const place = document.createElement('div');
    place.id = 'meters-apart';
    place.className = 'jp-mlws-surface';
    place.style.cssText =
      'position: fixed; inset: 0 auto auto 0; width: 283px; z-index: 10000; background: var(--jp-layout-color1)';
    place.append(part.cloneNode(true));
    document.body.append(place);
  });
  await expectLooks(page, page.locator('#meters-apart'), 'meters');
});

test('cards of runs that ended, and a chart, look as they did', async ({
  page,
  tmpPath
}) => {
  await page.setViewportSize({ width: 1200, height: 1000 });
  await openNotebook(page, `${tmpPath}/cards.ipynb`, [LOAD, FIT, WRONG]);
  await runCells(page, 0, 1, 2);
  const completed = new RunCard(page, 1);
  const failed = new RunCard(page, 2);
  const soon = { timeout: 30000 };
  await expect(failed.root).toHaveAttribute('data-status', 'Failed', soon);
  await expect(completed.root).toHaveAttribute('data-status', 'Completed');
  await expect(completed.charts).toHaveAttribute('data-count', '60');
  await expect(completed.root).toContainText('the result');
  await expect(failed.root).toContainText('could not convert string to float');
  await drawBlocks(page);
  await expectLooks(page, completed.root, 'completed');
  await expectLooks(page, failed.root, 'failed');
  await page.addStyleTag({
    content: '.jp-mlws-runcard canvas { visibility: visible !important; }'
  });
  await expectLooks(page, completed.charts.locator('.u-over'), 'chart');
});
