import { execFile, execFileSync } from 'child_process';
import * as path from 'path';

import { expect, IJupyterLabPageFixture, test } from '@jupyterlab/galata';

import { expectAccessible } from '../helpers/axe';
import { reloadKept } from '../helpers/layout';
import { openNotebook } from '../helpers/notebook';
import { WorkspacePanel } from '../helpers/panel';
import { ITraced, traced } from '../helpers/trace';

const COUNT = 10000;
/** Where only what one does with them is tried. */
const FEWER = 1000;
/** What a task may take at most of its own time, whatever else the machine does. */
const TASK_MS = 50;
/** From a key to the lines that are its answer; 100 ms on a machine that does nothing else. */
const FOUND_MS = 400;

function runs(what: 'fill' | 'arrive', tmpPath: string, count: number) {
  const folder = path.join(process.env.JUPYTERLAB_GALATA_ROOT_DIR!, tmpPath);
  const script = path.join(__dirname, '../helpers/many_runs.py');
  return [script, what, folder, String(count)];
}

/** A workspace with very many runs, in front of its panel. */
async function openMany(
  page: IJupyterLabPageFixture,
  tmpPath: string,
  count = FEWER
): Promise<WorkspacePanel> {
  execFileSync('python', runs('fill', tmpPath, count));
  const panel = new WorkspacePanel(page);
  await openNotebook(page, `${tmpPath}/many.ipynb`, ['1']);
  await panel.open();
  await panel.scope.selectOption('all');
  await expect(panel.rows.first()).toContainText(`#${count}`);
  return panel;
}

/** Milliseconds from a key in the search to the lines that are its answer, as they are painted. */
async function timeToFind(
  page: IJupyterLabPageFixture,
  key: string,
  isThere: string
): Promise<number> {
  await page.evaluate(isThere => {
    (window as any).mlwsFound = new Promise<number>(resolve => {
      const begin = { at: 0 };
      addEventListener('keydown', () => (begin.at = performance.now()), {
        once: true,
        capture: true
      });
      const look = () => {
        const line = document.querySelector('#jp-mlws-panel [role=treeitem]');
        if (begin.at > 0 && line?.textContent?.includes(isThere)) {
          resolve(performance.now() - begin.at);
        } else {
          requestAnimationFrame(look);
        }
      };
      requestAnimationFrame(look);
    });
  }, isThere);
  await page.keyboard.press(key);
  return page.evaluate(() => (window as any).mlwsFound);
}

/** The most that a task took, of its own time and by the clock. */
function longestOf({ tasks }: ITraced): { own: number; wall: number } {
  return {
    own: Math.max(...tasks.map(task => task.own)),
    wall: Math.max(...tasks.map(task => task.wall))
  };
}

test('ten thousand runs scroll, are found and selected without a stall', async ({
  page,
  tmpPath
}, testInfo) => {
  test.setTimeout(150 * 1000);
  const panel = await openMany(page, tmpPath, COUNT);
  const tree = panel.root.getByRole('tree');
  await expect(panel.rows.first()).toHaveAttribute(
    'aria-setsize',
    String(COUNT)
  );

  // Down through all of them, as fast as a wheel turns.
  await tree.hover();
  const scrolled = await traced(page, async () => {
    for (let i = 0; i < 60; i++) {
      await page.mouse.wheel(0, 400);
      await page.waitForTimeout(16);
    }
  });
  expect(await panel.rows.count()).toBeLessThan(200);

  // To the end with one key, which reads the rest.
  await tree.focus();
  await page.keyboard.press('End');
  await expect(panel.root.locator('.jp-mod-current')).toHaveAttribute(
    'aria-posinset',
    String(COUNT),
    { timeout: 20000 }
  );
  await expect(panel.root.locator('.jp-mod-current')).toBeInViewport();
  expect(await panel.rows.count()).toBeLessThan(200);

  await tree.evaluate(it => (it.scrollTop = it.scrollHeight / 2));
  const again = await traced(page, async () => {
    for (let i = 0; i < 60; i++) {
      await page.mouse.wheel(0, i % 20 < 10 ? 700 : -500);
      await page.waitForTimeout(16);
    }
  });

  await page.keyboard.press('Home');
  await panel.search.focus();
  const found: number[] = [];
  const searched = await traced(page, async () => {
    found.push(await timeToFind(page, '#', '#10000'));
    found.push(await timeToFind(page, '4', '#4'));
    found.push(await timeToFind(page, '2', '#42'));
  });
  const longest = [scrolled, again, searched].map(longestOf);
  const figures = JSON.stringify({ longest, found });
  console.log(figures);
  testInfo.annotations.push({ type: 'milliseconds', description: figures });
  for (const task of longest) {
    expect(task.own).toBeLessThan(TASK_MS);
  }
  expect(Math.max(...found)).toBeLessThan(FOUND_MS);
});

test('what one reads, and what is selected, stays where it is while runs arrive', async ({
  page,
  tmpPath
}) => {
  const panel = await openMany(page, tmpPath);
  const tree = panel.root.getByRole('tree');
  await panel.rows.nth(3).click();
  await page.keyboard.press('Shift+ArrowDown');
  const chosen = panel.root.locator('[role=treeitem][aria-selected=true]');
  await expect(chosen).toHaveCount(2);
  const ids = () =>
    chosen.evaluateAll(all => all.map(it => it.getAttribute('data-run')));
  const before = await ids();
  await tree.evaluate(it => (it.scrollTop = 60));
  const place = () => chosen.first().boundingBox();
  await page.waitForTimeout(100);
  const top = (await place())!.y;
  const arriving = new Promise(done =>
    execFile('python', runs('arrive', tmpPath, 10), done)
  );
  await arriving;
  await expect(chosen.first()).toHaveAttribute('aria-posinset', '14');
  expect(await ids()).toEqual(before);
  expect(Math.abs((await place())!.y - top)).toBeLessThan(2);
  await page.keyboard.press('Home');
  await expect(panel.rows.first()).toContainText('arriving');
});

test('conditions are completed, and what makes no sense is marked at its word', async ({
  page,
  tmpPath
}) => {
  const panel = await openMany(page, tmpPath);
  await panel.search.focus();
  await page.keyboard.type('metrics.m');
  const names = panel.root.getByRole('listbox').getByRole('option');
  await expect(names).toHaveText(['metrics.m0', 'metrics.m1', 'metrics.m2']);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(panel.search).toHaveValue('metrics.m0 ');
  await page.keyboard.type('> 0.99 and p0 = 3');
  const mark = panel.root.locator('mark');
  await expect(mark).toHaveText('p0');
  await expectAccessible(page, 'a condition that makes no sense');
  await expect(panel.search).toHaveAttribute('aria-invalid', 'true');
  await expect(panel.rows.first()).toHaveAttribute('aria-setsize', /^\d+$/);
  await page.keyboard.press('Control+a');
  await page.keyboard.type("metrics.m0 > 0.99 and params.p0 != 'v3'");
  await expect(mark).toHaveCount(0);
  await expect(panel.rows.first()).toHaveAttribute('aria-setsize', /^\d{1,2}$/);
});

test('several runs are tagged, pinned, and deleted with what that frees', async ({
  page,
  tmpPath
}) => {
  const panel = await openMany(page, tmpPath);
  await panel.rows.nth(1).click();
  await panel.rows.nth(2).click({ modifiers: ['Control'] });
  await panel.rows.nth(2).click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Tag 2 Runs' }).click();
  await page.getByRole('dialog').getByRole('textbox').fill('keep=yes');
  await page.getByRole('dialog').getByRole('button', { name: 'Tag' }).click();
  await panel.search.fill('keep=yes');
  await expect(panel.rows).toHaveCount(2);
  await panel.search.fill('');

  await panel.rows.nth(4).hover();
  const pinned = (await panel.rows.nth(4).getAttribute('data-run'))!;
  // It is a setting, which is written a moment later.
  const written = page.waitForResponse(
    answer =>
      answer.request().method() === 'PUT' &&
      (answer.request().postData() ?? '').includes(pinned)
  );
  await panel.root
    .getByRole('button', { name: /^Pin run/ })
    .last()
    .click();
  await expect(panel.rows.first()).toHaveAttribute('data-run', pinned);
  await written;
  await reloadKept(page);
  await page.locator('.jp-NotebookPanel').waitFor();
  await panel.open();
  await expect(panel.rows.first()).toHaveAttribute('data-run', pinned);
  await expectAccessible(page, 'with a pinned run');

  await panel.scope.selectOption('all');
  await panel.rows.nth(2).click();
  await panel.rows.nth(4).click({ modifiers: ['Shift'] });
  await page.keyboard.press('Delete');
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('frees at least');
  await dialog.getByRole('button', { name: 'Delete 3 runs' }).click();
  await expect(panel.rows.first()).toHaveAttribute(
    'aria-setsize',
    String(FEWER - 3)
  );
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(panel.rows.first()).toHaveAttribute(
    'aria-setsize',
    String(FEWER)
  );
});
