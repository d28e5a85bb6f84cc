import * as React from 'react';

import { useTranslation } from '../components/translation';
import { PagedTable } from './DataTable';
import { ITable } from './reading';

/**
 * A drawing with what it says in a line above, and its numbers as a table for whoever asks.
 */
export function Chart(props: {
  /** Controls and figures above the drawing. */
  head: React.ReactNode;
  /** The numbers; asked for when somebody opens them. */
  numbers: () => ITable;
  label: string;
  /** What the numbers are called. */
  numbersTitle?: string;
  children: React.ReactNode;
}): JSX.Element {
  const trans = useTranslation();
  const [open, setOpen] = React.useState(false);
  return (
    <figure className="jp-mlws-typed-chart">
      <figcaption className="jp-mlws-typed-head">{props.head}</figcaption>
      {props.children}
      <details
        className="jp-mlws-more"
        onToggle={event => setOpen(event.currentTarget.open)}
      >
        <summary>{props.numbersTitle ?? trans.__('Numbers')}</summary>
        {open && <PagedTable table={props.numbers()} label={props.label} />}
      </details>
    </figure>
  );
}

/** Buttons of which one is pressed. */
export function Choice<T extends string>(props: {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
}): JSX.Element {
  return (
    <div className="jp-mlws-choice" role="group" aria-label={props.label}>
      {props.options.map(([value, text]) => (
        <button
          key={value}
          type="button"
          aria-pressed={value === props.value}
          onClick={() => props.onChange(value)}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
