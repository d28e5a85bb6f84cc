import * as React from 'react';

import { useSignal } from '../components/model';
import { useTranslation } from '../components/translation';
import { RunListModel } from './model';
import { heightOf, IRow, windowOf } from './rows';
import { RunRow, rowId } from './RunRow';
import { Sparklines } from './sparklines';
import { hasEnded } from './status';
import { useNow } from '../components/clock';

export interface IRunListProps {
  model: RunListModel;
  sparklines: Sparklines;
  onCancel: (id: string) => void;
  /** Told which run is opened by Enter or a double click. */
  onOpen: (id: string) => void;
  /** What to say when there is nothing to list. */
  empty: () => JSX.Element;
}

/**
 * The runs as a tree of lines, of which only those in sight are in the page.
 */
export function RunList(props: IRunListProps): JSX.Element {
  const { model, sparklines } = props;
  useSignal(model.changed);
  useSignal(sparklines.changed);
  const scroller = React.useRef<HTMLDivElement>(null);
  const view = useViewport(scroller);
  const { rows } = model;
  const now = useNow(rows.some(row => !hasEnded(row.run)));
  const shown = windowOf(rows.map(heightOf), view.top, view.height);
  const visible = rows.slice(shown.first, shown.last);

  React.useEffect(() => sparklines.show(visible));
  React.useEffect(() => {
    if (model.hasMore && shown.last >= rows.length) {
      void model.loadMore();
    }
  });

  if (rows.length === 0) {
    return <div className="jp-mlws-runs">{props.empty()}</div>;
  }
  const nested = rows.some(row => row.expanded !== null);
  return (
    <Tree {...props} scroller={scroller}>
      <div style={{ height: shown.above }} role="presentation" />
      {visible.map(row => (
        <RunRow
          key={row.run.id}
          row={row}
          nested={nested}
          now={now}
          selected={row.run.id === model.selected}
          values={sparklines.get(row.run.id)}
          onSelect={() => model.select(row.run.id)}
          onOpen={() => props.onOpen(row.run.id)}
          onToggle={() => model.toggle(row.run.id)}
          onCancel={() => props.onCancel(row.run.id)}
        />
      ))}
      <div style={{ height: shown.below }} role="presentation" />
    </Tree>
  );
}

function Tree(
  props: IRunListProps & {
    scroller: React.RefObject<HTMLDivElement>;
    children: React.ReactNode;
  }
): JSX.Element {
  const trans = useTranslation();
  const { model, scroller } = props;
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === 'Enter' && model.selected !== null) {
      props.onOpen(model.selected);
    } else if (!moveSelection(model, event.key)) {
      return;
    }
    event.preventDefault();
    reveal(scroller.current, model);
  };
  return (
    <div
      className="jp-mlws-runs"
      ref={scroller}
      role="tree"
      aria-label={trans.__('Runs, newest first')}
      aria-activedescendant={
        model.selected === null ? undefined : rowId(model.selected)
      }
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      {props.children}
    </div>
  );
}

/**
 * Move the selection as trees do.
 *
 * @returns whether the key meant something
 */
export function moveSelection(model: RunListModel, key: string): boolean {
  const { rows } = model;
  const at = rows.findIndex(row => row.run.id === model.selected);
  const current: IRow | undefined = rows[at];
  const go = (index: number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (row) {
      model.select(row.run.id);
    }
  };
  switch (key) {
    case 'ArrowDown':
      go(at + 1);
      return true;
    case 'ArrowUp':
      go(at - 1);
      return true;
    case 'PageDown':
      go(at + 10);
      return true;
    case 'PageUp':
      go(at - 10);
      return true;
    case 'Home':
      go(0);
      return true;
    case 'End':
      go(rows.length - 1);
      return true;
    case 'ArrowRight':
      if (current?.expanded === false) {
        model.toggle(current.run.id, true);
      } else if (current?.expanded) {
        go(at + 1);
      }
      return true;
    case 'ArrowLeft':
      if (current?.expanded) {
        model.toggle(current.run.id, false);
      } else if (current && current.depth > 0) {
        go(rows.findIndex(row => row.run.id === current.run.parent_id));
      }
      return true;
    default:
      return false;
  }
}

/** Scroll so far that the selected line is in sight. */
function reveal(scroller: HTMLElement | null, model: RunListModel): void {
  const index = model.rows.findIndex(row => row.run.id === model.selected);
  if (!scroller || index < 0) {
    return;
  }
  const heights = model.rows.map(heightOf);
  const top = heights.slice(0, index).reduce((sum, h) => sum + h, 0);
  const bottom = top + heights[index];
  if (top < scroller.scrollTop) {
    scroller.scrollTop = top;
  } else if (bottom > scroller.scrollTop + scroller.clientHeight) {
    scroller.scrollTop = bottom - scroller.clientHeight;
  }
}

interface IViewport {
  top: number;
  height: number;
}

/** What part of the list is in sight. */
function useViewport(scroller: React.RefObject<HTMLElement>): IViewport {
  const [view, setView] = React.useState<IViewport>({ top: 0, height: 600 });
  React.useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) {
      return;
    }
    const measure = () =>
      setView(old => {
        const top = element.scrollTop;
        const height = element.clientHeight;
        return old.top === top && old.height === height ? old : { top, height };
      });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener('scroll', measure, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', measure);
    };
  });
  return view;
}
