import { existsSync, renameSync } from 'fs';

import { expect, IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { WebSocketRoute } from '@playwright/test';

import { RunCard } from '../helpers/card';
import { untilQuiet } from '../helpers/costs';
import { Postgres } from '../helpers/database';
import {
  clockCell,
  LOAD,
  openNotebook,
  outputsOf,
  runCells
} from '../helpers/notebook';
import { WorkspacePanel } from '../helpers/panel';
import { test } from '../helpers/server';

const EVENTS = /\/api\/events\/subscribe/;
/** So long a page may take to be right again, on a machine that is busy with something else. */
const HEALED = { timeout: 20000 };

// Galata looks after kernels through the server, which is not always there.
test.use({ kernels: null, sessions: null, terminals: null });

/** Submit a run that logs ten points a second, and wait until they are on the screen. */
async function follow(
  page: IJupyterLabPageFixture,
  folder: string,
  name: string,
  seconds: number
): Promise<WorkspacePanel> {
  const panel = new WorkspacePanel(page);
  // JupyterLab says once by itself that the server is away; a person closes that.
  const told = page.getByRole('dialog', { name: /^Server Connection Error/ });
  await page.addLocatorHandler(told, async () => {
    await told.getByRole('button', { name: 'Close' }).click();
  });
  await openNotebook(page, `${folder}/${name}.ipynb`, [
    LOAD,
    clockCell(name, seconds)
  ]);
  await panel.open();
  await runCells(page, 0, 1);
  await panel.newest(/Running|Completed/);
  await expect(panel.chart).toHaveAttribute('data-count', /^[1-9]/);
  // A reload would lose it.
  await page.evaluate(() => ((window as any).mlwsSamePage = true));
  return panel;
}

/** Wait until list, details and card know the status of the run, in the page that was there from the beginning. */
async function expectEverywhere(
  panel: WorkspacePanel,
  status: string
): Promise<void> {
  await panel.newest(status);
  await expect(panel.detail).toContainText(status, HEALED);
  await expect(new RunCard(panel.page, 1).root).toContainText(status, HEALED);
  expect(await panel.page.evaluate(() => (window as any).mlwsSamePage)).toBe(
    true
  );
}

/** What the run of so many points looks like when all of it is there. */
async function expectWhole(
  panel: WorkspacePanel,
  points: number
): Promise<void> {
  await expectEverywhere(panel, 'Completed');
  await expect(panel.chart).toHaveAttribute(
    'data-count',
    String(points),
    HEALED
  );
  await expect(panel.log).toContainText(`logged ${points} points`, HEALED);
}

test('a server that is killed and started again is an amber dot, and the run goes on', async ({
  page,
  server,
  tmpPath
}) => {
  const panel = await follow(page, tmpPath, 'killed', 6);
  await server.kill();
  // What is opened while it is away is there when it is back.
  const compute = await panel.section('Compute');
  await expect(panel.dot).toHaveAttribute('data-state', 'lost', HEALED);
  await expect(panel.rows).toHaveCount(1);
  await server.start();
  await expect(panel.dot).toHaveAttribute('data-state', 'connected', HEALED);
  await expect(compute).toContainText('local', HEALED);
  await expectWhole(panel, 60);
  // What changes something goes through as before.
  await compute.getByRole('button', { name: 'Pause' }).first().click();
  await expect(compute).toContainText('paused');
  await compute.getByRole('button', { name: 'Undo' }).click();
  await expect(compute).not.toContainText('paused');
});

/** Say that the page is out of sight, or in sight again, as a browser does. */
async function setSeen(
  page: IJupyterLabPageFixture,
  seen: boolean
): Promise<void> {
  await page.evaluate(seen => {
    const facts = {
      hidden: !seen,
      visibilityState: seen ? 'visible' : 'hidden'
    };
    for (const [name, value] of Object.entries(facts)) {
      Object.defineProperty(document, name, { configurable: true, value });
    }
    document.dispatchEvent(new Event('visibilitychange'));
  }, seen);
}

test('a cut network heals by itself, and a page that nobody saw is right when it is seen again', async ({
  page,
  tmpPath
}) => {
  const panel = await follow(page, tmpPath, 'asleep', 12);
  await page.context().setOffline(true);
  await expect(panel.dot).toHaveAttribute('data-state', 'lost', HEALED);
  await page.context().setOffline(false);
  await expect(panel.dot).toHaveAttribute('data-state', 'connected', HEALED);
  await setSeen(page, false);
  // What was told before is read, as is the one change that concerns a page that nobody sees; then nothing more.
  await untilQuiet(page);
  await setSeen(page, true);
  await expectWhole(panel, 120);
});

test('a dispatcher that is killed is started again, and records that were away are read when they are back', async ({
  page,
  tmpPath
}) => {
  const panel = await follow(page, tmpPath, 'struck', 120);
  const before = await panel.fetch('/info');
  process.kill(before.dispatcher.pid, 'SIGKILL');
  const count = async () =>
    Number(await panel.chart.getAttribute('data-count'));
  const then = await count();
  await expect.poll(count, HEALED).toBeGreaterThan(then + 10);
  // Points come from the run itself, whoever looks after it.
  const isAnother = async () => {
    const { dispatcher } = await panel.fetch('/info');
    return dispatcher.alive && dispatcher.pid !== before.dispatcher.pid;
  };
  await expect.poll(isAnother, HEALED).toBe(true);
  // As a disk that is unmounted for a moment.
  renameSync(before.location, `${before.location}.away`);
  await expect(panel.dot).toHaveAttribute('data-state', 'failed', HEALED);
  await expect(panel.rows).toHaveCount(1);
  renameSync(`${before.location}.away`, before.location);
  await expect(panel.dot).toHaveAttribute('data-state', 'connected', HEALED);
  const away = await count();
  await expect.poll(count, HEALED).toBeGreaterThan(away + 10);
  await panel.cancel();
  await expectEverywhere(panel, 'Canceled');
});

test('a workspace whose folder is moved away says so, and goes on with what was typed meanwhile when it is back', async ({
  page,
  tmpPath
}) => {
  const panel = new WorkspacePanel(page);
  const note = panel.details.getByRole('textbox', { name: 'Note' });
  await openNotebook(page, `${tmpPath}/moved.ipynb`, [
    LOAD,
    clockCell('moved', 0.5),
    '%%submit moved\nmlws.log(late=1.0)'
  ]);
  await panel.open();
  await runCells(page, 0, 1);
  const run = await panel.newest('Completed');
  await expect(panel.chart).toHaveAttribute('data-count', '5');
  const { id, location } = await panel.fetch('/info');
  renameSync(location, `${location}.away`);
  try {
    await expect(panel.dot).toHaveAttribute('data-state', 'failed', HEALED);
    await expect(panel.root).toContainText(`${location}, is gone`);
    await expect(panel.rows).toHaveCount(1);
    await expect(panel.detail).toContainText('is gone', HEALED);
    await expect(panel.chart).toHaveAttribute('data-count', '5');
    await note.fill('typed meanwhile');
    await note.press('Control+Enter');
    await expect(panel.detail).toContainText(
      'Kept here, and sent when',
      HEALED
    );
    // What is submitted now is refused in a sentence, and no other workspace is made of it.
    await runCells(page, 2);
    expect(await outputsOf(page, 2)).toContain(`${location}, is gone`);
    expect(existsSync(location)).toBe(false);
  } finally {
    // Other tests have the same workspace.
    renameSync(`${location}.away`, location);
  }
  await expect(panel.dot).toHaveAttribute('data-state', 'connected', HEALED);
  expect((await panel.fetch('/info')).id).toBe(id);
  const kept = async () => (await panel.fetch(`/runs/${run}`)).description;
  await expect.poll(kept, HEALED).toBe('typed meanwhile');
  await expect(panel.detail).not.toContainText('Kept here');
  await expect(panel.root).not.toContainText('is gone');
  await expect(panel.detail).not.toContainText('is gone');
  await runCells(page, 2);
  await expect(panel.rows).toHaveCount(2, HEALED);
  await panel.newest('Completed');
});

test('a database that is stopped is named on the page, and all goes on when it is started again', async ({
  page,
  server,
  tmpPath
}) => {
  test.setTimeout(150 * 1000);
  const database = await Postgres.start();
  if (database === null) {
    test.skip(true, 'PostgreSQL is not installed.');
    return;
  }
  try {
    await server.command(tmpPath, 'mlws', 'init', '--database', database.url);
    const panel = await follow(page, tmpPath, 'stopped', 120);
    const note = panel.details.getByRole('textbox', { name: 'Note' });
    const count = async () =>
      Number(await panel.chart.getAttribute('data-count'));
    const run = await panel.newest('Running');
    await database.stop();
    await expect(panel.dot).toHaveAttribute('data-state', 'failed', HEALED);
    await expect(panel.root).toContainText(/The database .* does not answer/);
    await expect(panel.rows).toHaveCount(1);
    await expect(panel.detail).toContainText('does not answer', HEALED);
    await note.fill('typed meanwhile');
    await note.press('Control+Enter');
    await expect(panel.detail).toContainText(
      'Kept here, and sent when',
      HEALED
    );
    const then = await count();
    await database.restart();
    await expect(panel.dot).toHaveAttribute('data-state', 'connected', HEALED);
    await expect.poll(count, HEALED).toBeGreaterThan(then + 10);
    const kept = async () => (await panel.fetch(`/runs/${run}`)).description;
    await expect.poll(kept, HEALED).toBe('typed meanwhile');
    await expect(panel.detail).not.toContainText('Kept here');
    await expect(panel.detail).not.toContainText('does not answer');
    await panel.cancel();
    await expectEverywhere(panel, 'Canceled');
  } finally {
    await database.close();
  }
});

test('without the event stream a page is a second late', async ({
  page,
  tmpPath
}) => {
  let isForbidden = false;
  const sockets: WebSocketRoute[] = [];
  await page.routeWebSocket(EVENTS, async socket => {
    if (isForbidden) {
      await socket.close();
    } else {
      sockets.push(socket);
      socket.connectToServer();
    }
  });
  await page.reload();
  const panel = await follow(page, tmpPath, 'deaf', 120);
  // First the open ones are dropped, then none comes through any more, as behind a strict proxy.
  isForbidden = true;
  await Promise.all(sockets.map(socket => socket.close()));
  await expect(panel.dot).toHaveAccessibleName(/once a second/, HEALED);
  await page.waitForTimeout(2000);
  // The value of each point is the time at which it was logged.
  const clock = await panel.chart.evaluate(
    chart => Date.now() / 1000 - Number((chart as HTMLElement).dataset.last)
  );
  expect(clock).toBeLessThan(4);
  await expect(panel.dot).toHaveAttribute('data-state', 'connected');
  await panel.cancel();
  await expectEverywhere(panel, 'Canceled');
});
