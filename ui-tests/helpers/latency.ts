import { IJupyterLabPageFixture } from '@jupyterlab/galata';

/** When the chart had how many points, and what the newest was. */
export interface ISighting {
  at: number;
  count: number;
  last: number;
}

/** Note in the page, from now on, each change of what the chart shows. */
export async function watchChart(page: IJupyterLabPageFixture): Promise<void> {
  await page.evaluate(() => {
    const seen: ISighting[] = [];
    (window as any).mlwsSeen = seen;
    const note = (element: Element) => {
      const { count, last } = (element as HTMLElement).dataset;
      if (Number(count) > 0) {
        seen.push({
          at: Date.now() / 1000,
          count: Number(count),
          last: Number(last)
        });
      }
    };
    new MutationObserver(records => {
      for (const record of records) {
        note(record.target as Element);
      }
    }).observe(document.querySelector('#jp-mlws-details')!, {
      attributeFilter: ['data-count'],
      subtree: true
    });
  });
}

/** Measure in the page, from now on, how long the server's shortest answer takes: what the machine alone costs. */
export async function watchRoundTrips(
  page: IJupyterLabPageFixture
): Promise<void> {
  await page.evaluate(() => {
    const trips: number[] = [];
    (window as any).mlwsTrips = trips;
    setInterval(async () => {
      const start = performance.now();
      await (await fetch('/api/status', { cache: 'no-store' })).text();
      trips.push((performance.now() - start) / 1000);
    }, 250);
  });
}

export async function roundTrips(
  page: IJupyterLabPageFixture
): Promise<number[]> {
  return page.evaluate(() => (window as any).mlwsTrips);
}

export async function sightings(
  page: IJupyterLabPageFixture
): Promise<ISighting[]> {
  return page.evaluate(() => (window as any).mlwsSeen);
}

/**
 * Seconds from the logging of each point to its being seen. Points whose value is the time of their logging are
 * spread evenly between the newest of two sightings, so that the older ones of a batch count with their full delay.
 */
export function delays(seen: ISighting[]): number[] {
  const found: number[] = [];
  seen.forEach((sighting, i) => {
    const before = seen[i - 1];
    const fresh = sighting.count - (before?.count ?? 0);
    const since = before?.last ?? sighting.last;
    for (let k = 1; k <= fresh; k++) {
      const logged = since + ((sighting.last - since) * k) / fresh;
      found.push(sighting.at - logged);
    }
  });
  return found;
}

export function percentile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
