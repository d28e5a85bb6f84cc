import { expect, test } from '@jupyterlab/galata';

test('the left sidebar has an icon that opens the ML workspace', async ({
  page
}) => {
  const tab = page.getByRole('tab', { name: 'ML workspace' });
  await expect(tab).toBeVisible();
  await page.sidebar.openTab('jp-mlws-panel');
  await expect(page.locator('#jp-mlws-panel')).toBeVisible();
});
