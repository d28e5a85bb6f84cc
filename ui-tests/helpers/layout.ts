import { expect, IJupyterLabPageFixture } from '@jupyterlab/galata';

/**
 * Reload the page once Lab has kept its state, which it does a moment after the last change.
 *
 * @param words each of them is in the JSON of that state
 */
export async function reloadKept(
  page: IJupyterLabPageFixture,
  ...words: string[]
): Promise<void> {
  for (const word of words) {
    await expect
      .poll(() => keptState(page), { timeout: 30000 })
      .toContain(word);
  }
  await page.reload({ waitForIsReady: false } as object);
}

/** What a reload will bring back: the panels that are open, the pages, and what was chosen. */
async function keptState(page: IJupyterLabPageFixture): Promise<string> {
  return page.evaluate(async () => {
    const { serviceManager } = (window as any).jupyterapp;
    const { data } = await serviceManager.workspaces.fetch('default');
    return JSON.stringify(data);
  });
}
