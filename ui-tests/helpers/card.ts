import { IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

/**
 * The run card below a cell, as a person uses it.
 */
export class RunCard {
  constructor(
    readonly page: IJupyterLabPageFixture,
    cell: number
  ) {
    this.output = page
      .locator('.jp-Notebook .jp-Cell')
      .nth(cell)
      .locator('.jp-mlws-card-output');
    this.root = this.output.locator('.jp-mlws-runcard');
    this.charts = this.root.getByRole('img', { name: /^Chart of/ });
    this.log = this.root.locator('.jp-mlws-runcard-last');
  }

  readonly output: Locator;
  readonly root: Locator;
  readonly charts: Locator;
  readonly log: Locator;

  async cancel(): Promise<void> {
    await this.root.getByRole('button', { name: 'Cancel' }).click();
    await this.page
      .getByRole('dialog')
      .getByRole('button', { name: 'Cancel run' })
      .click();
  }
}
