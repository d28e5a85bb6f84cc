import { expect, IJupyterLabPageFixture, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

import { expectAccessible } from '../helpers/axe';
import {
  clockCell,
  LOAD,
  openGate,
  openNotebook,
  runCells
} from '../helpers/notebook';

const SOON = { timeout: 30000 };

test.use({ autoGoto: false });

/** JupyterLab as it is for somebody who has not our extension of it, but widgets. */
async function goWithoutExtension(page: IJupyterLabPageFixture): Promise<void> {
  await page.addInitScript(() => {
    // The page is read, and its scripts are about to run.
    document.addEventListener('readystatechange', () => {
      const facts = document.getElementById('jupyter-config-data');
      if (document.readyState === 'interactive' && facts) {
        const config = JSON.parse(facts.textContent!);
        config.federated_extensions = config.federated_extensions.filter(
          (it: { name: string }) => it.name !== 'jupyter-mlws'
        );
        facts.textContent = JSON.stringify(config);
      }
    });
  });
  await page.goto();
}

function cardBelow(page: IJupyterLabPageFixture, cell: number): Locator {
  return page
    .locator('.jp-Notebook .jp-Cell')
    .nth(cell)
    .locator('.jp-mlws-runcard');
}

test('a card is live without our extension, and its button ends the run', async ({
  page,
  tmpPath
}) => {
  test.setTimeout(120 * 1000);
  await goWithoutExtension(page);
  await openNotebook(page, `${tmpPath}/elsewhere.ipynb`, [
    `${LOAD}\n%mlws set card=widget`,
    clockCell('elsewhere', 300),
    [
      '%%track digits',
      'import os, time',
      'for step in range(40):',
      '    mlws.log(loss=1 / (step + 1), accuracy=step / 40, step=step)',
      '    time.sleep(0.1)',
      'while not os.path.exists("gate"):',
      '    time.sleep(0.1)'
    ].join('\n')
  ]);
  await runCells(page, 0, 1);
  await expect(page.locator('#jp-mlws-panel')).toHaveCount(0);
  const card = cardBelow(page, 1);
  await expect(card).toHaveAttribute('data-status', 'Running', SOON);
  const chart = card.getByRole('img', { name: /^Chart of clock/ });
  await expect(chart).toHaveAttribute('data-count', /^[1-9]\d/, SOON);
  await expectAccessible(page, 'a widget that is live', '.jp-mlws-runcard');
  await card.getByTitle(/^Cancel run/).click();
  await card.getByRole('button', { name: 'Cancel the run?' }).click();
  await expect(card).toHaveAttribute('data-status', 'Canceled', SOON);
  await expect(card.getByRole('button', { name: /Cancel/ })).toHaveCount(0);

  // A cell that keeps the kernel busy is live, too.
  await page.notebook.selectCells(2);
  await page.keyboard.press('Shift+Enter');
  const tracked = cardBelow(page, 2).last();
  const loss = tracked.getByRole('img', { name: /^Chart of loss/ });
  await expect(loss).toHaveAttribute('data-count', /^[1-9]/, SOON);
  await expect(page.locator('.jp-Notebook .jp-Cell').nth(2)).toContainText(
    '[*]'
  );
  await openGate(page, tmpPath);
  await expect(tracked).toHaveAttribute('data-status', 'Completed', SOON);
  await expect(loss).toHaveAttribute('data-count', '40', SOON);
});

const LEFT = [
  '%%submit left -t baseline',
  'from pathlib import Path',
  'rate, depth = 0.1, 3',
  'for step in range(40):',
  '    mlws.log(loss=1 / (step + 1), accuracy=step / 40, f1=0.5, step=step)',
  'Path("answer.txt").write_text("42")',
  'print("logged", rate * depth)'
].join('\n');

const BROKEN = '%%submit left\nprint("so far")\nfloat("a")';

test('everybody can use the cards of runs that ended, without our extension, light and dark', async ({
  page,
  tmpPath
}, testInfo) => {
  await page.setViewportSize({ width: 1280, height: 1200 });
  await goWithoutExtension(page);
  await openNotebook(page, `${tmpPath}/ended.ipynb`, [
    `${LOAD}\n%mlws set card=widget`,
    LEFT,
    BROKEN
  ]);
  await runCells(page, 0, 1, 2);
  const [whole, broken] = [cardBelow(page, 1), cardBelow(page, 2)];
  await expect(whole).toHaveAttribute('data-status', 'Completed', SOON);
  await expect(broken).toHaveAttribute('data-status', 'Failed', SOON);
  // What there is to open comes a moment later.
  for (const card of [whole, broken]) {
    await expect(card.locator('.jp-mlws-runcard-log')).toHaveCount(1, SOON);
  }
  await expect(broken.locator('.jp-mlws-traceback')).toHaveCount(1, SOON);
  for (const theme of ['Dark', 'Light']) {
    await page.theme.setTheme(`JupyterLab ${theme}`);
    // Another theme draws the cards anew, with all closed.
    await expect(
      page.locator(
        `.jp-Cell [data-jp-theme-light=${theme === 'Light'}] .jp-mlws-runcard`
      )
    ).toHaveCount(2);
    for (const card of [whole, broken]) {
      const closed = card.locator('details:not([open]) > summary');
      while ((await closed.count()) > 0) {
        await closed.first().click();
      }
    }
    const chart = whole.getByRole('img', { name: /^Chart of accuracy/ });
    await expect(chart).toHaveAttribute('data-count', '40', SOON);
    await expect(whole.getByLabel('End of the log')).toContainText('logged');
    await expect(broken).toContainText('could not convert string to float');
    await page.screenshot({
      path: testInfo.outputPath(`ended-${theme.toLowerCase()}.png`)
    });
    const state = `widgets of runs that ended, ${theme}`;
    await expectAccessible(page, state, '.jp-mlws-runcard');
  }
});
