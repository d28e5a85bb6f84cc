import * as fs from 'fs';
import * as path from 'path';

import { expect, IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

/**
 * A font whose letters are equal blocks: words take the same place on every machine, whatever fonts it has. It was made with
 * fontTools and has two glyphs of half an em, a space and a block.
 */
const FONT = fs
  .readFileSync(path.join(__dirname, 'blocks.ttf'))
  .toString('base64');

/** What differs from run to run says nothing of how things look. */
const STYLE = `
@font-face {
  font-family: Blocks;
  src: url(data:font/ttf;base64,${FONT});
}
.jp-mlws-surface, .jp-mlws-surface * {
  font-family: Blocks !important;
  font-weight: normal !important;
  line-height: 18px !important;
  scrollbar-width: none;
}
.jp-mlws-runcard {
  box-sizing: border-box;
  width: 560px;
}
.jp-mlws-runcard-facts,
.jp-mlws-runcard-name strong,
.jp-mlws-runcard canvas {
  visibility: hidden;
}
.jp-mlws-runcard-name strong {
  display: inline-block;
  width: 24px;
}
.jp-mlws-runcard .jp-mlws-more,
.jp-mlws-runcard .jp-mlws-hint,
.jp-mlws-runcard-siblings {
  display: none;
}`;

const THEMES = ['Light', 'Dark'] as const;

/** Draw all words as blocks from now on. */
export async function drawBlocks(page: IJupyterLabPageFixture): Promise<void> {
  await page.addStyleTag({ content: STYLE });
  await page.evaluate(() => document.fonts.load('13px Blocks'));
}

/** Expect that something looks as it did, light and dark. */
export async function expectLooks(
  page: IJupyterLabPageFixture,
  part: Locator,
  name: string
): Promise<void> {
  await page.mouse.move(0, 0);
  for (const theme of THEMES) {
    await page.theme.setTheme(`JupyterLab ${theme}`);
    await expect(part).toHaveScreenshot(`${name}-${theme.toLowerCase()}.png`, {
      animations: 'disabled',
      // Of a sign of 14 pixels this is a fifth: edges may differ, no shape and no colour.
      maxDiffPixels: 40
    });
  }
}
