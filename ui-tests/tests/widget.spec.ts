import { expect, IJupyterLabPageFixture, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

import { expectAccessible } from '../helpers/axe';
import { clockCell, LOAD, openNotebook, runCells } from '../helpers/notebook';

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
      'import time',
      'for step in range(40):',
      '    mlws.log(loss=1 / (step + 1), accuracy=step / 40, step=step)',
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
  await expect(tracked).toHaveAttribute('data-status', 'Completed', SOON);
  await expect(loss).toHaveAttribute('data-count', '40', SOON);
});
