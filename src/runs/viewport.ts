import * as React from 'react';

import { Layout } from './layout';
import { Row } from './rows';

/** What part of a list is in sight. */
export interface IViewport {
  readonly top: number;
  readonly height: number;
}

/** Follow what part of a scrolled element is in sight. */
export function useViewport(scroller: React.RefObject<HTMLElement>): IViewport {
  const [view, setView] = React.useState<IViewport>({ top: 0, height: 600 });
  const measure = React.useCallback(() => {
    const element = scroller.current;
    if (element) {
      const { scrollTop: top, clientHeight: height } = element;
      setView(old =>
        old.top === top && old.height === height ? old : { top, height }
      );
    }
  }, [scroller]);
  React.useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) {
      return;
    }
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener('scroll', measure, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', measure);
    };
  }, [scroller, measure]);
  // While Lab changes its theme the list has another size for a moment that no observer is told the end of.
  React.useLayoutEffect(() => {
    const frame = requestAnimationFrame(measure);
    return () => cancelAnimationFrame(frame);
  });
  return view;
}

/**
 * Keep what is read in its place while lines come and go above it. At the very top the newest line is what is looked at.
 *
 * @param listing another one is read from its beginning
 */
export function useKept(
  scroller: React.RefObject<HTMLElement>,
  rows: readonly Row[],
  layout: Layout,
  listing: string
): void {
  const drawn = React.useRef({ rows, layout, listing });
  React.useLayoutEffect(() => {
    const element = scroller.current;
    const before = drawn.current;
    drawn.current = { rows, layout, listing };
    if (!element) {
      return;
    }
    if (before.listing !== listing) {
      element.scrollTop = 0;
      return;
    }
    if (before.rows === rows) {
      return;
    }
    const { scrollTop } = element;
    if (scrollTop <= 0) {
      return;
    }
    const kept = before.layout.indexAt(scrollTop);
    const at = placeOf(before.rows, kept, rows);
    if (at !== null) {
      const moved = layout.top(at.to) - before.layout.top(at.from);
      if (moved !== 0) {
        element.scrollTop = scrollTop + moved;
      }
    }
  });
}

/** Where the line at `index`, or the next that is still there, has come to. */
function placeOf(
  before: readonly Row[],
  index: number,
  rows: readonly Row[]
): { from: number; to: number } | null {
  for (let from = index; from >= 0 && from < before.length; from++) {
    const { id } = before[from].run;
    const to =
      rows[from]?.run.id === id
        ? from
        : rows.findIndex(row => row.run.id === id);
    if (to >= 0) {
      return { from, to };
    }
  }
  return null;
}
