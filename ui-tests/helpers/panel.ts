import { expect, IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

/**
 * The left panel as a person uses it, with the details of the selected run on the right.
 */
export class WorkspacePanel {
  constructor(readonly page: IJupyterLabPageFixture) {
    this.root = page.locator('#jp-mlws-panel');
    this.rows = this.root.getByRole('treeitem');
    this.details = page.locator('#jp-mlws-details');
    this.detail = this.details.locator('.jp-mlws-detail');
    this.chart = this.detail.getByRole('img', { name: /^Chart of/ }).first();
    this.log = this.detail.getByLabel('End of the log', { exact: true });
    this.dot = this.root.locator('.jp-mlws-dot');
    this.search = this.root.getByRole('combobox', { name: 'Search runs' });
    this.scope = this.root.getByRole('combobox', { name: 'Which runs' });
  }

  readonly root: Locator;
  readonly rows: Locator;
  readonly details: Locator;
  readonly detail: Locator;
  readonly chart: Locator;
  readonly log: Locator;
  readonly dot: Locator;
  readonly search: Locator;
  readonly scope: Locator;

  async open(): Promise<void> {
    // A click on the tab of what Lab is just about to bring back would close it.
    await this.page.evaluate(async () => {
      await (window as any).jupyterapp.restored;
    });
    await this.page.sidebar.openTab('jp-mlws-panel');
    await this.page.sidebar.openTab('jp-mlws-details');
    await expect(this.dot).toHaveAttribute('data-state', 'connected');
  }

  /** Wait until the newest run of the list has a status, and give its id. */
  async newest(status: string | RegExp, timeout = 30000): Promise<string> {
    const row = this.rows.first();
    await expect(row).toHaveAttribute('data-status', status, { timeout });
    return (await row.getAttribute('data-run'))!;
  }

  /** Open a section, and give what is in it. */
  async section(name: string): Promise<Locator> {
    const title = this.root.getByRole('button', {
      name: new RegExp(`^${name}`)
    });
    if ((await title.getAttribute('aria-expanded')) !== 'true') {
      await title.click();
    }
    return this.root.getByRole('group', { name, exact: true });
  }

  /** Do the selected run again, and say so in the dialog. */
  async rerun(): Promise<void> {
    await this.detail.getByRole('button', { name: /^Re-run #/ }).click();
    await this.page
      .getByRole('dialog')
      .getByRole('button', { name: 'Run again' })
      .click();
  }

  row(id: string): Locator {
    return this.root.locator(`[data-run="${id}"]`);
  }

  /** Ask for the end of the selected run, and confirm it. */
  async cancel(): Promise<void> {
    await this.detail.getByRole('button', { name: 'Cancel' }).click();
    await this.page
      .getByRole('dialog')
      .getByRole('button', { name: 'Cancel run' })
      .click();
  }

  /** Ask the API as the page does. */
  async fetch(path: string): Promise<any> {
    return this.page.evaluate(async path => {
      const root = '/mlws/api/v1';
      const document = new URL(location.href).pathname.split('/tree/')[1] ?? '';
      const query = new URLSearchParams({ document: decodeURI(document) });
      const info = await (await fetch(`${root}/resolve?${query}`)).json();
      const answer = await fetch(`${root}/workspaces/${info.id}${path}`);
      return answer.json();
    }, path);
  }
}

/** Open what a metric shows, where it is closed. */
export async function unfold(metric: Locator): Promise<void> {
  // It may come to be open by itself meanwhile.
  await expect(async () => {
    if ((await metric.getAttribute('open')) === null) {
      await metric.locator('summary').first().click();
    }
    await expect(metric).toHaveAttribute('open', '', { timeout: 1000 });
  }).toPass({ timeout: 30000 });
}
