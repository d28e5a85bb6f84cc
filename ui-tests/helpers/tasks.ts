import { IJupyterLabPageFixture } from '@jupyterlab/galata';

/** Note in the page, from now on, how long tasks of more than 50 ms took. */
export async function watchTasks(page: IJupyterLabPageFixture): Promise<void> {
  await page.evaluate(() => {
    const tasks: number[] = [];
    (window as any).mlwsTasks = tasks;
    new PerformanceObserver(list => {
      list.getEntries().forEach(entry => tasks.push(entry.duration));
    }).observe({ entryTypes: ['longtask'] });
  });
}

/** The tasks noted since the last question, in milliseconds. */
export async function longTasks(
  page: IJupyterLabPageFixture
): Promise<number[]> {
  return page.evaluate(() => (window as any).mlwsTasks.splice(0));
}
