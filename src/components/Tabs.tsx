import * as React from 'react';

/** One tab: what stands on it, and what it shows when it is in front. */
export interface ITab<Id extends string = string> {
  readonly id: Id;
  readonly label: string;
  readonly render: () => JSX.Element;
}

/**
 * Tabs as assistive tools know them: arrows, Home and End go from one to the next. Only the one in front is in the page.
 */
export function Tabs<Id extends string>(props: {
  /** What the tabs are about, in words. */
  label: string;
  tabs: readonly ITab<Id>[];
  selected: Id;
  onSelect: (id: Id) => void;
}): JSX.Element {
  const { tabs, onSelect } = props;
  const base = React.useId();
  const list = React.useRef<HTMLDivElement>(null);
  const at = Math.max(
    0,
    tabs.findIndex(tab => tab.id === props.selected)
  );
  const front = tabs[at];
  useInSight(list, front.id);
  const onKeyDown = (event: React.KeyboardEvent) => {
    const next = nextTab(event.key, at, tabs.length);
    if (next !== null) {
      event.preventDefault();
      onSelect(tabs[next].id);
      list.current?.querySelectorAll<HTMLElement>('[role=tab]')[next]?.focus();
    }
  };
  return (
    <>
      <div
        ref={list}
        className="jp-mlws-tabs"
        role="tablist"
        aria-label={props.label}
        onKeyDown={onKeyDown}
      >
        {tabs.map(tab => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            id={`${base}-${tab.id}`}
            aria-selected={tab === front}
            aria-controls={tab === front ? `${base}-panel` : undefined}
            tabIndex={tab === front ? 0 : -1}
            data-tab={tab.id}
            onClick={() => onSelect(tab.id)}
          >
            {tab.label}
          </button>
        ))}
      </div>
      <div
        className="jp-mlws-tab-panel"
        role="tabpanel"
        id={`${base}-panel`}
        aria-labelledby={`${base}-${front.id}`}
        tabIndex={0}
        data-tab={front.id}
      >
        {front.render()}
      </div>
    </>
  );
}

/** Keep the tab in front where it is seen, also when there is less room for all of them. */
function useInSight(list: React.RefObject<HTMLElement>, front: string): void {
  React.useEffect(() => {
    const element = list.current;
    if (!element) {
      return;
    }
    const show = () => {
      const tab = element.querySelector<HTMLElement>('[aria-selected=true]');
      if (tab) {
        const { offsetLeft: left, offsetWidth: width } = tab;
        const start = left - element.offsetLeft;
        element.scrollLeft = Math.min(
          start,
          Math.max(element.scrollLeft, start + width - element.clientWidth)
        );
      }
    };
    const observer = new ResizeObserver(show);
    observer.observe(element);
    return () => observer.disconnect();
  }, [list, front]);
}

/** Where a key leads from the tab in front; null for a key that means nothing here. */
function nextTab(key: string, at: number, count: number): number | null {
  switch (key) {
    case 'ArrowRight':
      return (at + 1) % count;
    case 'ArrowLeft':
      return (at + count - 1) % count;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}
