import { renameSync } from 'fs';

import { expect, IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { WebSocketRoute } from '@playwright/test';

import { RunCard } from '../helpers/card';
import { watchRequests } from '../helpers/costs';
import { clockCell, LOAD, openNotebook, runCells } from '../helpers/notebook';
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
  const askedInTwoSeconds = async () => {
    const asked = watchRequests(page);
    await page.waitForTimeout(2000);
    return asked.length;
  };
  await expect.poll(askedInTwoSeconds, { timeout: 9000 }).toBe(0);
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
  expect((await panel.fetch('/info')).dispatcher.pid).not.toBe(
    before.dispatcher.pid
  );
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
  const panel = await follow(page, tmpPath, 'deaf', 10);
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
  await expectWhole(panel, 100);
});
