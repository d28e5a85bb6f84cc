import * as React from 'react';

import { useNow } from '../components/clock';
import { useSignal } from '../components/model';
import { useTranslation } from '../components/translation';
import { Bests } from './bests';
import { Keys } from './keys';
import { Layout } from './layout';
import { RunListModel } from './model';
import { IRowActions } from './RowActions';
import { RunRow, rowId } from './RunRow';
import { Sparklines } from './sparklines';
import { hasEnded } from './status';
import { useKept, useViewport } from './viewport';

export interface IRunListProps {
  model: RunListModel;
  sparklines: Sparklines;
  bests: Bests;
  onCancel: (id: string) => void;
  /** Told which run is opened by Enter or a double click. */
  onOpen: (id: string) => void;
  /** Told that the selected runs are to be deleted. */
  onDelete: () => void;
  /** What to say when there is nothing to list. */
  empty: () => JSX.Element;
}

/**
 * The runs as a tree of lines, of which only those in sight are in the page.
 */
export function RunList(props: IRunListProps): JSX.Element {
  const { model } = props;
  useSignal(model.changed);
  return model.rows.length === 0 ? (
    <div className="jp-mlws-runs">{props.empty()}</div>
  ) : (
    <Tree {...props} />
  );
}

function Tree(props: IRunListProps): JSX.Element {
  const trans = useTranslation();
  const { model, sparklines, bests } = props;
  const { rows, unread } = model;
  const layout = React.useMemo(() => new Layout(rows, unread), [rows, unread]);
  const scroller = React.useRef<HTMLDivElement>(null);
  const view = useViewport(scroller);
  useKept(scroller, rows, layout, `${model.scope} ${model.search}`);
  const reveal = useReveal(scroller, model, layout);
  const actions = useActions(props);
  const latest = React.useRef(props);
  latest.current = props;
  const keys = React.useMemo(
    () =>
      new Keys(model, {
        onOpen: id => latest.current.onOpen(id),
        onDelete: () => latest.current.onDelete(),
        onMove: reveal
      }),
    [model, reveal]
  );
  const [pointed, setPointed] = React.useState<string | null>(null);
  const shown = layout.range(view.top, view.height);

  React.useEffect(() => {
    const lacking = layout.unreadAbove(view.top + view.height);
    if (unread > 0 && lacking > 0) {
      void model.need(model.listed + lacking);
    }
  });

  return (
    <div
      className="jp-mlws-runs"
      ref={scroller}
      role="tree"
      aria-label={trans.__('Runs, newest first')}
      aria-multiselectable="true"
      aria-activedescendant={
        model.indexOf(model.selected) < 0 ? undefined : rowId(model.selected!)
      }
      aria-busy={model.isSearching}
      tabIndex={0}
      onKeyDown={event => {
        if (keys.press(event)) {
          event.preventDefault();
          event.stopPropagation();
        }
      }}
      onClick={event => choose(model, event)}
      onDoubleClick={event => {
        const id = idOf(event.target);
        if (id !== null && !isControl(event.target)) {
          props.onOpen(id);
        }
      }}
      onContextMenu={event => {
        const id = idOf(event.target);
        if (id !== null && !model.isSelected(id)) {
          model.select(id);
        }
      }}
      onPointerOver={event => setPointed(idOf(event.target))}
      onPointerLeave={() => setPointed(null)}
    >
      <div
        className="jp-mlws-runs-lines"
        role="presentation"
        style={{ height: layout.height }}
      >
        <Lines
          model={model}
          sparklines={sparklines}
          bests={bests}
          layout={layout}
          first={shown.first}
          last={shown.last}
          pointed={pointed}
          actions={actions}
        />
        {unread > 0 && (
          <div
            className="jp-mlws-runs-unread"
            style={{ top: layout.top(layout.size) }}
            aria-hidden="true"
          />
        )}
      </div>
    </div>
  );
}

interface ILinesProps {
  model: RunListModel;
  sparklines: Sparklines;
  bests: Bests;
  layout: Layout;
  first: number;
  last: number;
  /** Id of the run that the pointer is on. */
  pointed: string | null;
  actions: IRowActions;
}

/** The lines in sight and, wherever it is, the current one: what reads the screen aloud has to find it. */
function Lines(props: ILinesProps): JSX.Element {
  const { model, sparklines, bests, layout, first, last } = props;
  useSignal(sparklines.changed);
  useSignal(bests.changed);
  const { rows } = model;
  const visible = rows.slice(first, last);
  const now = useNow(visible.some(row => !hasEnded(row.run)));
  const current = model.indexOf(model.selected);
  const indexes = visible.map((_, i) => first + i);
  if (current >= 0 && (current < first || current >= last)) {
    indexes.push(current);
  }
  React.useEffect(() => {
    sparklines.show(visible);
    bests.show(visible);
  });
  const nested = rows.some(row => row.expanded !== null);
  return (
    <>
      {indexes.map(i => {
        const row = rows[i];
        const { id } = row.run;
        return (
          <RunRow
            key={id}
            row={row}
            top={layout.top(i)}
            nested={nested}
            now={hasEnded(row.run) ? 0 : now}
            selected={model.isSelected(id)}
            current={i === current}
            offers={i === current || id === props.pointed}
            lastPinned={row.pinned && rows[i + 1]?.pinned === false}
            values={sparklines.get(id)}
            best={bests.get(id)}
            actions={props.actions}
          />
        );
      })}
    </>
  );
}

/** What lines can do, as one object that stays, so that they need not be drawn again. */
function useActions(props: IRunListProps): IRowActions {
  const latest = React.useRef(props);
  latest.current = props;
  return React.useMemo(
    () => ({
      onCancel: id => latest.current.onCancel(id),
      onOpen: id => latest.current.onOpen(id),
      onPin: (id, pinned) => latest.current.model.pin(id, pinned)
    }),
    []
  );
}

/** Scroll, when the lines are where they belong, so far that the current one is in sight. */
function useReveal(
  scroller: React.RefObject<HTMLElement>,
  model: RunListModel,
  layout: Layout
): () => void {
  const wanted = React.useRef(false);
  React.useLayoutEffect(() => {
    const element = scroller.current;
    const index = model.indexOf(model.selected);
    if (!wanted.current || !element || index < 0 || index >= layout.size) {
      return;
    }
    wanted.current = false;
    const top = layout.top(index);
    const bottom = layout.top(index + 1);
    if (top < element.scrollTop) {
      element.scrollTop = top;
    } else if (bottom > element.scrollTop + element.clientHeight) {
      element.scrollTop = bottom - element.clientHeight;
    }
  });
  const [, redraw] = React.useReducer((count: number) => count + 1, 0);
  return React.useCallback(() => {
    wanted.current = true;
    redraw();
  }, []);
}

/** Select as in every list: alone, with Ctrl beside the others, with Shift all from the last chosen one. */
function choose(model: RunListModel, event: React.MouseEvent): void {
  const id = idOf(event.target);
  if (id === null) {
    return;
  }
  if (isTwisty(event.target)) {
    model.toggle(id);
  } else if (event.shiftKey) {
    model.selectTo(id);
  } else if (event.ctrlKey || event.metaKey) {
    model.toggleSelected(id);
  } else {
    model.select(id);
  }
}

/** Id of the run whose line an element is in. */
function idOf(target: EventTarget): string | null {
  const row =
    target instanceof Element
      ? target.closest<HTMLElement>('[data-run]')
      : null;
  return row?.dataset.run ?? null;
}

function isTwisty(target: EventTarget): boolean {
  return (
    target instanceof Element && target.closest('.jp-mlws-row-twisty') !== null
  );
}

/** Whether an element, or what it is in, does something of its own. */
function isControl(target: EventTarget): boolean {
  return (
    isTwisty(target) ||
    (target instanceof Element && target.closest('button') !== null)
  );
}
