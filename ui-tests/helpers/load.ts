import { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { traced } from './trace';

/** From here on a person may feel that a task is going on, in milliseconds. */
export const LONG_MS = 50;

/** What the page did for some time. */
export interface ILoad {
  /** The main thread's own time in the task that had most of it, in milliseconds, whatever else the machine did. */
  longest: number;
  /** How long the longest task took, in milliseconds, with all that had the core meanwhile. */
  slowest: number;
  /** How many tasks took longer than `LONG_MS`. */
  slow: number;
  /** Share of a core that the page's main thread used: its own time. */
  busy: number;
  /** How often the page was drawn, in a second. */
  frames: number;
  /** Requests of series, and the bytes of their answers. */
  requests: number;
  bytes: number;
  /** How many charts were drawn with other points. */
  charts: number;
  /** How often each of them was, in a second. */
  redraws: number;
}

/** Watch the page, from now on until `seconds` have passed. */
export async function measure(
  page: IJupyterLabPageFixture,
  seconds: number
): Promise<ILoad> {
  const session = await page.context().newCDPSession(
    // Galata hands out a stand-in for the page.
    page.context().pages()[0]
  );
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const busySeconds = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(it => it.name === 'TaskDuration')!.value;
  };
  await session.send('Network.enable');
  const series = new Set<string>();
  let bytes = 0;
  session.on('Network.requestWillBeSent', ({ request, requestId }) => {
    if (/\/metrics\/read(\?|$)|\/metric\?/.test(request.url)) {
      series.add(requestId);
    }
  });
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    bytes += series.has(requestId) ? encodedDataLength : 0;
  });
  let seen = { draws: 0, charts: 0 };
  let busy = 0;
  const { tasks, frames } = await traced(page, async () => {
    const before = await busySeconds();
    seen = await drawsIn(page, seconds);
    busy = (await busySeconds()) - before;
  });
  await session.detach();
  const { draws, charts } = seen;
  return {
    longest: Math.round(Math.max(0, ...tasks.map(it => it.own))),
    slowest: Math.round(Math.max(0, ...tasks.map(it => it.wall))),
    slow: tasks.filter(it => it.wall > LONG_MS).length,
    busy: busy / seconds,
    frames: frames / seconds,
    requests: series.size,
    bytes,
    charts,
    redraws: charts > 0 ? draws / charts / seconds : 0
  };
}

/** How often charts are drawn with other points until `seconds` have passed, and how many of them are. */
async function drawsIn(
  page: IJupyterLabPageFixture,
  seconds: number
): Promise<{ draws: number; charts: number }> {
  return page.evaluate(async seconds => {
    let draws = 0;
    const charts = new Set<Node>();
    const marks = new MutationObserver(records => {
      draws += records.length;
      records.forEach(it => charts.add(it.target));
    });
    marks.observe(document.body, {
      attributeFilter: ['data-count'],
      subtree: true
    });
    await new Promise(resolve => setTimeout(resolve, seconds * 1000));
    marks.disconnect();
    return { draws, charts: charts.size };
  }, seconds);
}

/** A sentence of the tasks: the thread's own time in them, and what a person waited. */
export function tasksText({ longest, slowest, slow }: ILoad): string {
  return `longest task ${longest} ms of its own (${slowest} ms by the clock, ${slow} above ${LONG_MS})`;
}
