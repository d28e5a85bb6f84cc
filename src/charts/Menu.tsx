import * as React from 'react';

import { Sign } from './icons';

export interface IMenuItem {
  readonly label: string;
  /** Whether it is on, where it is one that can be. */
  readonly isChecked?: boolean;
  readonly onSelect: () => void;
}

/** A button that opens a menu: arrows, Home and End go through it, Escape closes it, and so does whatever is elsewhere. */
export function Menu(props: {
  label: string;
  items: readonly IMenuItem[];
}): JSX.Element {
  const [isOpen, setOpen] = React.useState(false);
  const root = React.useRef<HTMLDivElement>(null);
  const button = React.useRef<HTMLButtonElement>(null);
  const id = React.useId();
  const close = (takesFocus: boolean) => {
    setOpen(false);
    if (takesFocus) {
      button.current?.focus();
    }
  };
  React.useEffect(() => {
    if (isOpen) {
      root.current?.querySelector<HTMLElement>('[role^=menuitem]')?.focus();
    }
  }, [isOpen]);
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (!isOpen) {
      return;
    }
    event.stopPropagation();
    if (event.key === 'Escape') {
      // What is around the menu stays as it is.
      event.preventDefault();
      close(true);
    }
    const items = Array.from(
      root.current?.querySelectorAll<HTMLElement>('[role^=menuitem]') ?? []
    );
    const at = items.indexOf(document.activeElement as HTMLElement);
    const next = nextItem(event.key, at, items.length);
    if (next !== null) {
      event.preventDefault();
      items[next].focus();
    }
  };
  return (
    <div
      ref={root}
      className="jp-mlws-chart-menu"
      onKeyDown={onKeyDown}
      onBlur={event => {
        if (!event.currentTarget.contains(event.relatedTarget)) {
          close(false);
        }
      }}
    >
      <button
        ref={button}
        type="button"
        className="jp-mlws-chart-button"
        title={props.label}
        aria-label={props.label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={() => setOpen(!isOpen)}
      >
        <Sign name="more" />
      </button>
      {isOpen && (
        <div id={id} role="menu" aria-label={props.label}>
          {props.items.map(item => (
            <button
              key={item.label}
              type="button"
              role={
                item.isChecked === undefined ? 'menuitem' : 'menuitemcheckbox'
              }
              aria-checked={item.isChecked}
              tabIndex={-1}
              onClick={() => {
                close(true);
                item.onSelect();
              }}
            >
              {item.label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

function nextItem(key: string, at: number, count: number): number | null {
  switch (key) {
    case 'ArrowDown':
      return (at + 1) % count;
    case 'ArrowUp':
      return (Math.max(at, 0) + count - 1) % count;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}
