import * as React from 'react';

/** What stands where nothing is yet: says why, and what to do about it. */
export function Empty(props: {
  title?: string;
  children?: React.ReactNode;
}): JSX.Element {
  return (
    <div className="jp-mlws-empty">
      {props.title && <p className="jp-mlws-empty-title">{props.title}</p>}
      {props.children}
    </div>
  );
}

/** A button as JupyterLab draws them. */
export function Button(props: {
  /** What it does; one without sends the form that it is in. */
  onClick?: () => void;
  children: React.ReactNode;
  minimal?: boolean;
  title?: string;
  /** It keeps the focus while what it began goes on. */
  busy?: boolean;
}): JSX.Element {
  return (
    <button
      type={props.onClick ? 'button' : 'submit'}
      className={`jp-mlws-button ${props.minimal ? 'jp-mod-minimal' : 'jp-mod-styled'}`}
      onClick={props.busy ? undefined : props.onClick}
      aria-disabled={props.busy || undefined}
      title={props.title}
    >
      {props.children}
    </button>
  );
}

/** A sentence that matters now, with its way out. */
export function Notice(props: {
  kind: 'warning' | 'error' | 'info';
  children: React.ReactNode;
}): JSX.Element {
  return (
    <div
      className={`jp-mlws-notice jp-mlws-notice-${props.kind}`}
      role="status"
    >
      {props.children}
    </div>
  );
}
