import {
  caretDownIcon,
  caretRightIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Run, RunError, toNumber } from '../api';
import { Sparkline } from '../charts/Sparkline';
import { formatDuration, formatNumber } from '../components/format';
import { StatusIcon, statusText, WarningIcon } from '../components/status';
import { escapeControls, Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { hasSecondLine, heightOf, IRow } from './rows';
import {
  buildingWords,
  buildsEnvironment,
  canCancel,
  isInKernel,
  isInteractive,
  secondsOf,
  waitsFor,
  waitsItsTurn
} from './status';

export interface IRunRowProps {
  row: IRow;
  /** Whether some line of the list can be opened, so that all leave room for the sign. */
  nested: boolean;
  now: number;
  selected: boolean;
  values: readonly number[];
  onSelect: () => void;
  onOpen: () => void;
  onToggle: () => void;
  onCancel: () => void;
}

/** Lines that lie deeper are not indented further: there is no room. */
const DEEPEST = 6;

/** Id of the element that shows a run in the list. */
export function rowId(run: string): string {
  return `jp-mlws-row-${run}`;
}

/** One run in the list. */
export function RunRow(props: IRunRowProps): JSX.Element {
  const { row, selected } = props;
  const { run } = row;
  return (
    <div
      id={rowId(run.id)}
      className={`jp-mlws-row ${selected ? 'jp-mod-selected' : ''}`}
      style={{
        height: heightOf(row),
        paddingInlineStart: 5 + Math.min(row.depth, DEEPEST) * 12
      }}
      role="treeitem"
      aria-level={row.depth + 1}
      aria-selected={selected}
      aria-expanded={row.expanded ?? undefined}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-label={useLabel(props)}
      data-run={run.id}
      data-status={run.status}
      onClick={props.onSelect}
      onDoubleClick={event => {
        if (!isButton(event.target)) {
          props.onOpen();
        }
      }}
      onContextMenu={props.onSelect}
    >
      <FirstLine {...props} />
      {hasSecondLine(row) && <SecondLine {...props} />}
    </div>
  );
}

/** Whether an element, or what it is in, does something of its own. */
function isButton(target: EventTarget): boolean {
  return (
    target instanceof Element &&
    target.closest('button, .jp-mlws-row-twisty') !== null
  );
}

function FirstLine(props: IRunRowProps): JSX.Element {
  const { run } = props.row;
  return (
    <div className="jp-mlws-row-line">
      {props.nested && <Twisty {...props} />}
      <StatusIcon status={run.status} />
      <span className="jp-mlws-row-number">#{run.number}</span>
      <Text className="jp-mlws-row-name" value={nameOf(run)} />
      <Place run={run} />
      {run.child_count > 0 && (
        <span className="jp-mlws-row-children">
          {run.children_ended}/{run.child_count}
        </span>
      )}
      <Value {...props} />
      <Sparkline values={props.values} />
      <Duration {...props} />
    </div>
  );
}

/** Where the process of a run is that nobody started for it; '' for all others. */
export function placeOf(trans: TranslationBundle, run: Run): string {
  if (run.kind === 'offline') {
    return trans.__('recorded offline');
  }
  if (!isInteractive(run)) {
    return '';
  }
  const from = run.properties['mlws.logged_from'] ?? '';
  if (from === '' || from === run.host) {
    return isInKernel(run) ? trans.__('in a kernel') : trans.__('in a process');
  }
  return isInKernel(run)
    ? trans.__('in a kernel on %1', from)
    : trans.__('in a process on %1', from);
}

function Place(props: { run: Run }): JSX.Element | null {
  const trans = useTranslation();
  const place = placeOf(trans, props.run);
  if (place === '') {
    return null;
  }
  const word = isInteractive(props.run)
    ? isInKernel(props.run)
      ? trans.__('kernel')
      : trans.__('process')
    : trans.__('offline');
  return (
    <span className="jp-mlws-row-place" title={escapeControls(place)}>
      {word}
    </span>
  );
}

/** What a run is called: the name given to it, else its experiment. */
export function nameOf(run: Run): string {
  return run.display_name || run.experiment;
}

function Twisty(props: IRunRowProps): JSX.Element {
  const { expanded } = props.row;
  const Icon = expanded ? caretDownIcon : caretRightIcon;
  return (
    <span
      className="jp-mlws-row-twisty"
      aria-hidden="true"
      onClick={event => {
        event.stopPropagation();
        props.onToggle();
      }}
    >
      {expanded !== null && (
        <Icon.react tag="span" width="14px" height="14px" />
      )}
    </span>
  );
}

function Value(props: IRunRowProps): JSX.Element {
  const { run, metric } = props.row;
  if (run.status === 'Failed' && run.error) {
    return (
      <span
        className="jp-mlws-row-value jp-mod-error"
        title={escapeControls(run.error.message)}
      >
        {escapeControls(failureWord(run.error))}
      </span>
    );
  }
  if (metric === null) {
    return <span className="jp-mlws-row-value" />;
  }
  const value = formatNumber(toNumber(metric.last));
  return (
    <span
      className="jp-mlws-row-value"
      title={`${escapeControls(metric.name)} ${value}`}
    >
      {value}
    </span>
  );
}

/** A failure in a word: the exception's name, else the signal, else our code for it. */
export function failureWord(error: RunError): string {
  const name = /^[A-Za-z_][\w.]*(?=:|$)/.exec(error.message)?.[0];
  return name?.split('.').pop() ?? error.signal ?? error.code;
}

function Duration(props: IRunRowProps): JSX.Element {
  const trans = useTranslation();
  const { run } = props.row;
  const seconds = secondsOf(run, props.now);
  const label = trans.__('Cancel run %1', run.number);
  return (
    <span className="jp-mlws-row-end">
      <span className="jp-mlws-row-duration">
        {seconds === null ? '' : formatDuration(seconds)}
      </span>
      {canCancel(run) && (
        <button
          type="button"
          className="jp-mlws-row-cancel"
          tabIndex={-1}
          title={label}
          aria-label={label}
          onClick={event => {
            event.stopPropagation();
            props.onCancel();
          }}
        >
          <stopIcon.react tag="span" width="14px" height="14px" />
        </button>
      )}
    </span>
  );
}

/** What the run waits for, then what tells it from others. */
function SecondLine(props: IRunRowProps): JSX.Element {
  const { run, params } = props.row;
  const builds = buildsEnvironment(run);
  const waits = builds ? buildingWords(run) : waitsFor(run);
  const facts = params.map(([name, value]) => `${name} ${value}`);
  return (
    <div
      className={`jp-mlws-row-params ${props.nested ? 'jp-mod-nested' : ''}`}
    >
      {waits !== '' && !builds && !waitsItsTurn(run) && <WarningIcon />}
      <Text value={[...(waits ? [waits] : []), ...facts].join(' · ')} />
    </div>
  );
}

/** The line as a sentence. */
function useLabel(props: IRunRowProps): string {
  const trans = useTranslation();
  const { run, metric, params } = props.row;
  const parts = [
    `#${run.number} ${nameOf(run)}`,
    statusText(trans, run.status),
    ...(placeOf(trans, run) ? [placeOf(trans, run)] : []),
    ...(waitsFor(run) ? [waitsFor(run)] : []),
    ...(metric
      ? [`${metric.name} ${formatNumber(toNumber(metric.last))}`]
      : []),
    ...params.map(([name, value]) => `${name} ${value}`)
  ];
  return escapeControls(parts.join(', '));
}
