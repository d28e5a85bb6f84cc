import { searchIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

/** A field that narrows down what is shown below it. */
export function Finder(props: {
  label: string;
  query: string;
  onQuery: (query: string) => void;
}): JSX.Element {
  return (
    <div className="jp-mlws-search">
      <searchIcon.react tag="span" width="14px" height="14px" />
      <input
        type="search"
        value={props.query}
        placeholder={props.label}
        aria-label={props.label}
        onChange={event => props.onQuery(event.target.value)}
      />
    </div>
  );
}
