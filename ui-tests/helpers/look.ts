import * as fs from 'fs';

import { IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { TestInfo } from '@playwright/test';

import { expectAccessible } from './axe';

/**
 * Take pictures in both themes, for whoever looks at them, and ask of a part of the page whether everybody can use it.
 */
export async function look(
  page: IJupyterLabPageFixture,
  testInfo: TestInfo,
  name: string,
  part?: string
): Promise<void> {
  fs.mkdirSync(testInfo.outputDir, { recursive: true });
  for (const [theme, suffix] of [
    ['JupyterLab Dark', '-dark'],
    ['JupyterLab Light', '']
  ]) {
    await page.theme.setTheme(theme);
    const file = testInfo.outputPath(`${name}${suffix}.png`);
    await page.screenshot({ path: file, animations: 'disabled' });
    if (part) {
      await expectAccessible(page, `${name}${suffix}`, part);
    }
  }
}
