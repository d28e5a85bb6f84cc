import { IJupyterLabPageFixture } from '@jupyterlab/galata';

/** What the page did for some time. */
export interface ILoad {
  /** Longest task of the main thread, in milliseconds; 0 where none took 50. */
  longest: number;
  /** How many tasks took longer than 50 ms. */
  long: number;
  /** Share of a core that the page's main thread used: its own time, whatever else the machine does. */
  busy: number;
  /** Requests of series, and the bytes of their answers. */
  requests: number;
  bytes: number;
  /** How often each chart in sight was drawn with other points, in a second. */
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
  const before = await busySeconds();
  const seen = await page.evaluate(async seconds => {
    const tasks: number[] = [];
    const observer = new PerformanceObserver(list =>
      list.getEntries().forEach(it => tasks.push(it.duration))
    );
    observer.observe({ type: 'longtask' });
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
    observer.disconnect();
    marks.disconnect();
    return { tasks, draws, charts: charts.size };
  }, seconds);
  const busy = (await busySeconds()) - before;
  await session.detach();
  return {
    longest: Math.round(Math.max(0, ...seen.tasks)),
    long: seen.tasks.length,
    busy: busy / seconds,
    requests: series.size,
    bytes,
    redraws: seen.charts > 0 ? seen.draws / seen.charts / seconds : 0
  };
}
