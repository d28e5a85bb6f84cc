import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { RunStatus } from '../api';
import { useTranslation } from './translation';

/** What a status looks like: a family that gives the colour, and a shape of its own. */
interface ILook {
  family: 'waiting' | 'live' | 'good' | 'bad' | 'warn' | 'ended';
  shape: JSX.Element;
}

const ring = <circle cx="8" cy="8" r="5.5" fill="none" strokeWidth="1.5" />;
const disc = <circle cx="8" cy="8" r="7" stroke="none" />;

function mark(d: string): JSX.Element {
  return <path d={d} className="jp-mlws-status-mark" />;
}

const dashed = (
  <circle
    cx="8"
    cy="8"
    r="5.5"
    fill="none"
    strokeWidth="1.5"
    strokeDasharray="2.6 2.2"
  />
);
const half = (
  <>
    {ring}
    <path d="M8 2.5a5.5 5.5 0 0 1 0 11z" stroke="none" />
  </>
);

const triangle = (
  <>
    <path d="M8 1.2 15.2 14H.8z" stroke="none" />
    {mark('M8 6v4M8 11.6v.8')}
  </>
);

const LOOKS: Readonly<Record<RunStatus, ILook>> = {
  NotStarted: { family: 'waiting', shape: ring },
  Queued: { family: 'waiting', shape: dashed },
  Provisioning: { family: 'live', shape: half },
  Preparing: { family: 'live', shape: half },
  Running: {
    family: 'live',
    shape: (
      <>
        {ring}
        <circle cx="8" cy="8" r="3" stroke="none" className="jp-mlws-pulse" />
      </>
    )
  },
  Finalizing: { family: 'live', shape: half },
  CancelRequested: {
    family: 'warn',
    shape: (
      <>
        {ring}
        <path d="M6 6h4v4H6z" stroke="none" />
      </>
    )
  },
  NotResponding: {
    family: 'warn',
    shape: triangle
  },
  Completed: {
    family: 'good',
    shape: (
      <>
        {disc}
        {mark('m4.9 8.2 2.2 2.2 4.1-4.5')}
      </>
    )
  },
  Failed: {
    family: 'bad',
    shape: (
      <>
        <path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" stroke="none" />
        {mark('m5.6 5.6 4.8 4.8m0-4.8-4.8 4.8')}
      </>
    )
  },
  Canceled: {
    family: 'ended',
    shape: (
      <>
        {ring}
        <path d="m4.2 11.8 7.6-7.6" fill="none" strokeWidth="1.5" />
      </>
    )
  }
};

/** A status in words. */
export function statusText(
  trans: TranslationBundle,
  status: RunStatus
): string {
  const words: Record<RunStatus, string> = {
    NotStarted: trans.__('Not started'),
    Queued: trans.__('Queued'),
    Provisioning: trans.__('Provisioning'),
    Preparing: trans.__('Preparing'),
    Running: trans.__('Running'),
    Finalizing: trans.__('Finalizing'),
    CancelRequested: trans.__('Cancel requested'),
    NotResponding: trans.__('Not responding'),
    Completed: trans.__('Completed'),
    Failed: trans.__('Failed'),
    Canceled: trans.__('Canceled')
  };
  return words[status] ?? status;
}

/** What a sign beside words says of them. */
export type SignKind = 'good' | 'warn' | 'bad' | 'dot';

const SIGNS: Readonly<Record<SignKind, ILook>> = {
  good: LOOKS.Completed,
  warn: LOOKS.NotResponding,
  bad: LOOKS.Failed,
  dot: {
    family: 'waiting',
    shape: <circle cx="8" cy="8" r="2.5" stroke="none" />
  }
};

/** A sign beside words that say the same, so that assistive tools pass it over. */
export function Sign(props: { kind: SignKind }): JSX.Element {
  const look = SIGNS[props.kind];
  return (
    <svg
      className={`jp-mlws-status jp-mlws-status-${look.family}`}
      viewBox="0 0 16 16"
      aria-hidden="true"
    >
      {look.shape}
    </svg>
  );
}

/** A sign beside words that warn. */
export function WarningIcon(): JSX.Element {
  const trans = useTranslation();
  return (
    <svg
      className="jp-mlws-status jp-mlws-status-warn"
      viewBox="0 0 16 16"
      role="img"
      aria-label={trans.__('Warning')}
    >
      {triangle}
    </svg>
  );
}

/** A status by shape and colour, and in words for those who ask. */
export function StatusIcon(props: { status: RunStatus }): JSX.Element {
  const trans = useTranslation();
  const look = LOOKS[props.status] ?? LOOKS.NotStarted;
  const text = statusText(trans, props.status);
  return (
    <svg
      className={`jp-mlws-status jp-mlws-status-${look.family}`}
      viewBox="0 0 16 16"
      role="img"
      aria-label={text}
    >
      <title>{text}</title>
      {look.shape}
    </svg>
  );
}
