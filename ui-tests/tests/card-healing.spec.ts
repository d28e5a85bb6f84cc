import { expect } from '@jupyterlab/galata';
import type { APIRequestContext } from '@playwright/test';

import { RunCard } from '../helpers/card';
import { untilQuiet, watchRequests } from '../helpers/costs';
import {
  GATE,
  gatedCell,
  LOAD,
  openGate,
  openNotebook,
  outputsOf,
  runCells
} from '../helpers/notebook';
import { test } from '../helpers/server';

const SOON = { timeout: 30000 };

// Galata looks after kernels through the server, which is not always there.
test.use({ kernels: null, sessions: null, terminals: null });

/** Wait until a card shows its run to the end, with as many points as that has logged. */
async function expectWhole(card: RunCard): Promise<void> {
  await expect(card.root).toHaveAttribute('data-status', 'Completed', SOON);
  await expect(card.log).toContainText(/logged \d+ points/, SOON);
  const [, points] = /logged (\d+)/.exec(await card.log.innerText())!;
  await expect(card.charts).toHaveAttribute('data-count', points, SOON);
}

/** The text of a file, as it lies on the disk. */
async function readText(
  request: APIRequestContext,
  path: string
): Promise<string> {
  const answer = await request.get(
    `/api/contents/${encodeURI(path)}?type=file&format=text`
  );
  return (await answer.json()).content;
}

test('a card goes on after its kernel was restarted and the server was killed, and the notebook has the end of it', async ({
  page,
  request,
  server,
  tmpPath
}) => {
  const told = page.getByRole('dialog', { name: /^Server Connection Error/ });
  await page.addLocatorHandler(told, async () => {
    await told.getByRole('button', { name: 'Close' }).click();
  });
  test.setTimeout(150 * 1000);
  const path = await openNotebook(page, `${tmpPath}/healing.ipynb`, [
    `${LOAD}\n${GATE}`,
    gatedCell('healing')
  ]);
  await runCells(page, 0, 1);
  const card = new RunCard(page, 1);
  const lost = card.root.getByRole('img', { name: /does not answer/ });
  const drawn = async () =>
    Number(await card.charts.getAttribute('data-count'));
  await expect(card.charts).toHaveAttribute('data-count', /^[1-9]/, SOON);

  await page.menu.clickMenuItem('Kernel>Restart Kernel…');
  await page
    .getByRole('dialog')
    .getByRole('button', { name: 'Confirm Kernel Restart' })
    .click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  const before = await drawn();
  await expect.poll(drawn, SOON).toBeGreaterThan(before + 10);
  await page.notebook.save();

  await server.kill();
  await expect(lost).toBeVisible(SOON);
  await server.start();
  await expect(lost).toHaveCount(0, SOON);
  await openGate(page, tmpPath);
  await expectWhole(card);

  // What came of it is in the notebook, and in the file without a question once that is saved.
  await expect.poll(() => outputsOf(page, 1)).toContain('"ended":true');
  await page.notebook.save();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  expect(await readText(request, path)).toContain('"ended": true');
});

test('a page that is behind the file leaves the notebook alone, so that nobody is asked which one counts', async ({
  page,
  request,
  tmpPath
}) => {
  const path = await openNotebook(page, `${tmpPath}/twice.ipynb`, [
    `${LOAD}\n${GATE}`,
    gatedCell('twice')
  ]);
  await runCells(page, 0, 1);
  await page.notebook.save();
  // Somebody, here another page, saves the notebook meanwhile.
  const text = await readText(request, path);
  await page.contents.uploadContent(
    text.replace('while step', 'while  step'),
    'text',
    path
  );
  await openGate(page, tmpPath);
  await expectWhole(new RunCard(page, 1));
  await page.waitForTimeout(1500);
  expect(await outputsOf(page, 1)).toContain('"ended":false');
  await expect(page.locator('.jp-mod-current.jp-mod-dirty')).toHaveCount(0);
});

test('the card of a tracked cell is live while the cell runs, and asks for nothing when it has ended', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/tracked.ipynb`, [
    LOAD,
    [
      '%%track digits',
      'import os, time',
      'for step in range(30):',
      '    mlws.log(loss=1 / (step + 1), step=step)',
      '    time.sleep(0.1)',
      'while not os.path.exists("gate"):',
      '    time.sleep(0.1)'
    ].join('\n')
  ]);
  await runCells(page, 0);
  await page.notebook.selectCells(1);
  await page.keyboard.press('Shift+Enter');
  const card = new RunCard(page, 1);
  await expect(card.charts).toHaveAttribute('data-count', /^[1-9]/, SOON);
  await expect(page.locator('.jp-Notebook .jp-Cell').nth(1)).toContainText(
    '[*]'
  );
  await openGate(page, tmpPath);
  await expect(card.root).toHaveAttribute('data-status', 'Completed', SOON);
  await expect(card.charts).toHaveAttribute('data-count', '30', SOON);
  await expect.poll(() => outputsOf(page, 1)).toContain('"ended":true');

  // The badge of the cell reads once more what the end of the run was.
  await untilQuiet(page);
  const asked = watchRequests(page);
  await page.waitForTimeout(8000);
  expect(asked).toEqual([]);
});

test.describe('with a setting for notebooks under version control', () => {
  test.use({ mockSettings: { 'jupyter-mlws:plugin': { keepResults: false } } });

  test('the notebook gets nothing of what came of a run', async ({
    page,
    tmpPath
  }) => {
    await openNotebook(page, `${tmpPath}/clean.ipynb`, [
      LOAD,
      '%%submit clean\nmlws.log(loss=1)\n"the result"'
    ]);
    await runCells(page, 0, 1);
    const before = await outputsOf(page, 1);
    const card = new RunCard(page, 1);
    await expect(card.root).toHaveAttribute('data-status', 'Completed', SOON);
    await expect(card.root).toContainText('the result');
    await page.waitForTimeout(1500);
    expect(await outputsOf(page, 1)).toBe(before);
    expect(before).not.toContain('the result');
  });
});
