import { expect, IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

/** The charts on the page of a run, as a person uses them. */
export class RunCharts {
  constructor(
    readonly page: IJupyterLabPageFixture,
    run: string
  ) {
    this.root = page.locator(`.jp-mlws-page[id$="-${run}"]`);
    this.all = this.root.getByRole('img', { name: /^Chart of/ });
    this.options = this.root.getByRole('group', {
      name: 'How charts are drawn'
    });
    this.dialog = page.getByRole('dialog');
  }

  readonly root: Locator;
  readonly all: Locator;
  readonly options: Locator;
  readonly dialog: Locator;

  async open(run: Locator): Promise<void> {
    await run.dblclick();
    await this.root.getByRole('tab', { name: 'Metrics' }).click();
  }

  chart(name: string): Locator {
    return this.root.getByRole('img', {
      name: new RegExp(`^Chart of ${name}:`)
    });
  }

  /** What stands above a chart. */
  readout(name: string): Locator {
    return this.root.locator(`figure[data-metric="${name}"] figcaption`);
  }

  /** Mark a stretch of a chart, in shares of its paper. */
  async mark(chart: Locator, from: number, to: number): Promise<void> {
    await chart.scrollIntoViewIfNeeded();
    const paper = (await chart.locator('.u-over').boundingBox())!;
    const y = paper.y + paper.height * 0.7;
    await this.page.mouse.move(paper.x + paper.width * from, y);
    await this.page.mouse.down();
    await this.page.mouse.move(paper.x + paper.width * to, y, { steps: 4 });
    await this.page.mouse.up();
  }

  /** Choose something from the menu of a chart. */
  async choose(name: string, item: string): Promise<void> {
    await this.chart(name).hover();
    await this.root.getByRole('button', { name: `More about ${name}` }).click();
    await this.root
      .getByRole(/log/i.test(item) ? 'menuitemcheckbox' : 'menuitem', {
        name: item
      })
      .click();
  }
}

/** Wait until the axis of a chart is another one than before, and say where it begins and ends. */
export async function rangeAfter(
  chart: Locator,
  before: string
): Promise<[number, number]> {
  await expect(chart).not.toHaveAttribute('data-range', before);
  const [low, high] = (await chart.getAttribute('data-range'))!.split(' ');
  return [Number(low), Number(high)];
}

/** Wait until a chart shows that many rows, and say how many. */
export async function rowsOf(chart: Locator, least: number): Promise<number> {
  const rows = async () => Number(await chart.getAttribute('data-rows'));
  await expect.poll(rows).toBeGreaterThanOrEqual(least);
  return rows();
}
