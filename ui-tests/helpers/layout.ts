import { expect, IJupyterLabPageFixture } from '@jupyterlab/galata';

/**
 * Reload the page once Lab has kept its state, which it does a moment after the last change.
 *
 * @param words each of them is in the JSON of that state; one that only the state that is waited for has
 */
export async function reloadKept(
  page: IJupyterLabPageFixture,
  ...words: string[]
): Promise<void> {
  await expect.poll(() => notKept(page, words), { timeout: 30000 }).toEqual([]);
  await page.reload({ waitForIsReady: false } as object);
}

/** What a reload would not bring back: words, and keys of the state of the page that are kept otherwise or not at all. */
async function notKept(
  page: IJupyterLabPageFixture,
  words: string[]
): Promise<string[]> {
  return page.evaluate(async words => {
    const { galata, jupyterapp } = window as any;
    const state = await galata.getPlugin(
      '@jupyterlab/apputils-extension:state'
    );
    const { workspaces } = jupyterapp.serviceManager;
    const { data } = await workspaces.fetch('default');
    const json = JSON.stringify(data);
    const now: object = await state.toJSON();
    return [
      ...words.filter(word => !json.includes(word)),
      ...Object.entries(now)
        .filter(
          ([key, value]) => JSON.stringify(data[key]) !== JSON.stringify(value)
        )
        .map(([key]) => key)
    ];
  }, words);
}
