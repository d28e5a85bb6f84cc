import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { expect } from '@jupyterlab/galata';
import type { CDPSession } from '@playwright/test';
import { test } from './server';

/** Where JupyterLab has what is ours. */
const OURS = '/lab/extensions/jupyter-mlws/';

/** What a page holds when all that is garbage is gone. */
export interface IHeld {
  /** Bytes of its scripts' objects. */
  heap: number;
  /** Elements and texts, those among them that are in no document. */
  nodes: number;
  listeners: number;
}

/** Say in the output and in the report what was measured. */
export function tell(figure: string): void {
  console.log(figure);
  test.info().annotations.push({ type: 'cost', description: figure });
}

/** The browser's own tools for a page. */
export async function toolsOf(
  page: IJupyterLabPageFixture
): Promise<CDPSession> {
  const context = page.context();
  // The browser knows the page, not what Galata puts around it.
  const tools = await context.newCDPSession(context.pages()[0]);
  await tools.send('Performance.enable');
  return tools;
}

export async function held(tools: CDPSession): Promise<IHeld> {
  // What one collection lets go of may have held on to more.
  for (let i = 0; i < 3; i++) {
    await tools.send('HeapProfiler.collectGarbage');
  }
  const { metrics } = await tools.send('Performance.getMetrics');
  const figure = (name: string) => metrics.find(it => it.name === name)!.value;
  return {
    heap: figure('JSHeapUsedSize'),
    nodes: figure('Nodes'),
    listeners: figure('JSEventListeners')
  };
}

/** Milliseconds in which our code, or what it called, ran while a task went on. */
export async function ownTime(
  tools: CDPSession,
  task: () => Promise<void>
): Promise<number> {
  await tools.send('Profiler.enable');
  await tools.send('Profiler.setSamplingInterval', { interval: 500 });
  await tools.send('Profiler.start');
  await task();
  const { profile } = await tools.send('Profiler.stop');
  const nodes = new Map(profile.nodes.map(node => [node.id, node]));
  const own = new Set<number>();
  const mark = (id: number, isOurs: boolean) => {
    const { callFrame, children } = nodes.get(id)!;
    const isOwn = isOurs || callFrame.url.includes(OURS);
    if (isOwn) {
      own.add(id);
    }
    children?.forEach(child => mark(child, isOwn));
  };
  mark(profile.nodes[0].id, false);
  const { samples = [], timeDeltas = [] } = profile;
  // The time between two samples is that of the first one.
  const micros = samples.map((id, i) =>
    own.has(id) ? (timeDeltas[i + 1] ?? 0) : 0
  );
  return micros.reduce((sum, it) => sum + it, 0) / 1000;
}

/** Note from now on what the page asks of our server side. */
export function watchRequests(page: IJupyterLabPageFixture): string[] {
  const asked: string[] = [];
  page.on('request', request => {
    if (request.url().includes('/mlws/')) {
      asked.push(request.url());
    }
  });
  return asked;
}

/** Wait until what was asked for just before is answered: nothing was for two seconds. */
export async function untilQuiet(page: IJupyterLabPageFixture): Promise<void> {
  const asked = watchRequests(page);
  const askedInTwoSeconds = async () => {
    const before = asked.length;
    await page.waitForTimeout(2000);
    return asked.length - before;
  };
  await expect.poll(askedInTwoSeconds, { timeout: 20000 }).toBe(0);
}

/** Note from now on the files of our extension that the page loads, with their bytes. */
export function watchFiles(
  page: IJupyterLabPageFixture
): () => Promise<Map<string, Buffer>> {
  const loading: Promise<[string, Buffer]>[] = [];
  page.on('response', response => {
    const file = response.url().split(OURS)[1];
    if (file !== undefined) {
      loading.push(response.body().then(body => [file, body]));
    }
  });
  return async () => new Map(await Promise.all(loading));
}

/** Count from now on how often charts are drawn with other points. */
export async function watchDraws(
  page: IJupyterLabPageFixture
): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    (window as any).mlwsDraws = 0;
    new MutationObserver(records => {
      (window as any).mlwsDraws += records.length;
    }).observe(document.body, {
      attributeFilter: ['data-count'],
      subtree: true
    });
  });
  return () => page.evaluate(() => (window as any).mlwsDraws);
}

/** Note from the page's beginning on when JupyterLab and our panel can be used, in milliseconds. */
export async function watchStart(page: IJupyterLabPageFixture): Promise<void> {
  await page.addInitScript(() => {
    const seen: Record<string, number> = {};
    (window as any).mlwsStart = seen;
    const note = (name: string, holds: boolean) => {
      if (holds && !(name in seen)) {
        seen[name] = performance.now();
      }
    };
    let hadSplash = false;
    const isThere = (what: string) => document.querySelector(what) !== null;
    new MutationObserver(() => {
      const splash = isThere('#jupyterlab-splash');
      note('lab', hadSplash && !splash);
      hadSplash ||= splash;
      const panel = '#jp-mlws-panel';
      const isUsable =
        isThere(`${panel} [data-state="connected"]`) &&
        isThere(`${panel} [role="treeitem"]`);
      note('panel', isUsable);
    }).observe(document, { attributes: true, childList: true, subtree: true });
  });
}

export async function start(
  page: IJupyterLabPageFixture
): Promise<{ lab: number; panel: number }> {
  const seen = () => page.evaluate(() => (window as any).mlwsStart);
  await expect
    .poll(async () => Object.keys(await seen()).sort())
    .toEqual(['lab', 'panel']);
  return seen();
}
