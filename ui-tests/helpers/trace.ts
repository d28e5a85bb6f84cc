import { IJupyterLabPageFixture } from '@jupyterlab/galata';

/** What the browser did for a page, as its own tracing tells it. */
export interface ITraced {
  /** The tasks of the page's main thread, in their order. */
  tasks: ITask[];
  /** How often the page was drawn. */
  frames: number;
}

/** A task of a thread, in milliseconds. */
export interface ITask {
  /** From its beginning to its end. On a machine with more to do than it has cores for, others ran in between. */
  wall: number;
  /** In which the thread itself ran, whatever else the machine did. */
  own: number;
}

/** An event as the browser writes it; times are microseconds. */
interface IEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  dur?: number;
  tdur?: number;
  args?: { name?: string };
}

/** Watch what the browser does for a page while something goes on; one at a time. */
export async function traced(
  page: IJupyterLabPageFixture,
  act: () => Promise<void>
): Promise<ITraced> {
  // The browser knows the page, not what Galata puts around it.
  const [own] = page.context().pages();
  const browser = page.context().browser()!;
  await browser.startTracing(own, {
    categories: [
      '__metadata',
      'disabled-by-default-devtools.timeline',
      'disabled-by-default-devtools.timeline.frame'
    ]
  });
  // Where the act fails it is ended all the same, as the browser can watch once at a time.
  const failed = await act().then(
    () => null,
    error => ({ error })
  );
  const written = await browser.stopTracing();
  if (failed) {
    throw failed.error;
  }
  const { traceEvents: events } = JSON.parse(written.toString()) as {
    traceEvents: IEvent[];
  };
  return {
    tasks: busiestOf(events).map(({ dur = 0, tdur = dur }) => ({
      wall: dur / 1000,
      own: tdur / 1000
    })),
    frames: events.filter(it => it.name === 'DrawFrame').length
  };
}

/** The tasks of the renderer that did most: the others are of no page yet. */
function busiestOf(events: readonly IEvent[]): readonly IEvent[] {
  const mains = new Set(
    events
      .filter(
        it => it.name === 'thread_name' && it.args?.name === 'CrRendererMain'
      )
      .map(threadOf)
  );
  const tasks = events.filter(it => it.name === 'RunTask' && it.ph === 'X');
  const ofEach = [...mains].map(thread =>
    tasks.filter(it => threadOf(it) === thread)
  );
  return ofEach.sort((a, b) => b.length - a.length)[0] ?? [];
}

function threadOf({ pid, tid }: IEvent): string {
  return `${pid} ${tid}`;
}
