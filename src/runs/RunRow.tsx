import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { RunError, RunLine, toNumber } from '../api';
import { Sparkline } from '../charts/Sparkline';
import { formatNumber } from '../components/format';
import { StatusIcon, statusText, WarningIcon } from '../components/status';
import { escapeControls, Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { IBest } from './bests';
import { IRowActions, RowActions } from './RowActions';
import { heightOf, IRow, Row } from './rows';
import {
  buildingWords,
  buildsEnvironment,
  durationText,
  isInKernel,
  isInteractive,
  waitsFor,
  waitsItsTurn
} from './status';

export interface IRunRowProps {
  row: Row;
  /** Where it begins, in pixels below the first line. */
  top: number;
  /** Whether some line of the list can be opened, so that all leave room for the sign. */
  nested: boolean;
  now: number;
  selected: boolean;
  /** Whether it is the one that keys move. */
  current: boolean;
  /** Whether what can be done about it is offered: the pointer is on it, or it is the current one. */
  offers: boolean;
  /** Whether the line below is no pinned one any more. */
  lastPinned: boolean;
  values: readonly number[];
  /** What came out best below it. */
  best: IBest | null;
  actions: IRowActions;
}

/** Lines that lie deeper are not indented further: there is no room. */
const DEEPEST = 6;

/** Id of the element that shows a run in the list. */
export function rowId(run: string): string {
  return `jp-mlws-row-${run}`;
}

/** One run in the list. It is drawn again only when something of it looks different. */
export const RunRow = React.memo(DrawnRow, looksTheSame);

function looksTheSame(before: IRunRowProps, after: IRunRowProps): boolean {
  return (Object.keys(after) as (keyof IRunRowProps)[]).every(name =>
    name === 'row' ? after.row.equals(before.row) : before[name] === after[name]
  );
}

function DrawnRow(props: IRunRowProps): JSX.Element {
  const { row, selected, current } = props;
  const { run } = row;
  const states = [
    'jp-mlws-row',
    ...(selected ? ['jp-mod-selected'] : []),
    ...(current ? ['jp-mod-current'] : []),
    ...(props.lastPinned ? ['jp-mod-last-pinned'] : [])
  ];
  return (
    <div
      id={rowId(run.id)}
      className={states.join(' ')}
      style={{
        height: heightOf(row),
        paddingInlineStart: 5 + Math.min(row.depth, DEEPEST) * 12,
        transform: `translateY(${props.top}px)`
      }}
      role="treeitem"
      aria-level={row.depth + 1}
      aria-selected={selected}
      aria-expanded={row.expanded ?? undefined}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-label={useLabel(row, props.best)}
      data-run={run.id}
      data-status={run.status}
    >
      <FirstLine {...props} />
      {row.hasSecondLine && <SecondLine {...props} />}
      {props.offers && <RowActions row={row} actions={props.actions} />}
    </div>
  );
}

function FirstLine(props: IRunRowProps): JSX.Element {
  const { run } = props.row;
  return (
    <div className="jp-mlws-row-line" title={useOrigin(run)}>
      {props.nested && <Twisty row={props.row} />}
      <StatusIcon status={run.status} />
      <span className="jp-mlws-row-number">#{run.number}</span>
      <Text className="jp-mlws-row-name" value={nameOf(run)} />
      <Place run={run} />
      {run.child_count > 0 && (
        <span className="jp-mlws-row-children">
          {run.children_ended}/{run.child_count}
        </span>
      )}
      <Value row={props.row} best={props.best} />
      <Sparkline values={props.values} />
      <span className="jp-mlws-row-duration">
        {durationText(run, props.now)}
      </span>
    </div>
  );
}

/** Where the process of a run is that nobody started for it; '' for all others. */
export function placeOf(trans: TranslationBundle, run: RunLine): string {
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

function Place(props: { run: RunLine }): JSX.Element | null {
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
export function nameOf(run: RunLine): string {
  return run.display_name || run.experiment;
}

function Twisty(props: { row: IRow }): JSX.Element {
  const { expanded } = props.row;
  const Icon = expanded ? caretDownIcon : caretRightIcon;
  return (
    <span className="jp-mlws-row-twisty" aria-hidden="true">
      {expanded !== null && (
        <Icon.react tag="span" width="14px" height="14px" />
      )}
    </span>
  );
}

function Value(props: { row: IRow; best: IBest | null }): JSX.Element {
  const trans = useTranslation();
  const { best } = props;
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
  if (metric === null && best !== null) {
    return (
      <span
        className="jp-mlws-row-value"
        title={escapeControls(bestText(trans, best))}
      >
        {formatNumber(best.value)}
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

function bestText(trans: TranslationBundle, best: IBest): string {
  const value = formatNumber(best.value);
  return trans.__('best %1 %2, of #%3', best.metric, value, best.number);
}

/** A failure in a word: the exception's name, else the signal, else our code for it. */
export function failureWord(error: RunError): string {
  const name = /^[A-Za-z_][\w.]*(?=:|$)/.exec(error.message)?.[0];
  return name?.split('.').pop() ?? error.signal ?? error.code;
}

/** What the run waits for, whose it is, then what tells it from others. */
function SecondLine(props: IRunRowProps): JSX.Element {
  const { run, params, author } = props.row;
  const builds = buildsEnvironment(run);
  const waits = builds ? buildingWords(run) : waitsFor(run);
  const facts = params.map(([name, value]) => `${name} ${value}`);
  return (
    <div
      className={`jp-mlws-row-params ${props.nested ? 'jp-mod-nested' : ''}`}
    >
      {waits !== '' && !builds && !waitsItsTurn(run) && <WarningIcon />}
      <Text
        value={[waits, author, ...facts].filter(it => it !== '').join(' · ')}
      />
    </div>
  );
}

/** The notebook or script, and whose run it is. */
function useOrigin(run: RunLine): string {
  const trans = useTranslation();
  const { document } = run.source;
  const words =
    document === ''
      ? trans.__('#%1 by %2', run.number, run.user)
      : trans.__('#%1 by %2, from %3', run.number, run.user, document);
  const place = placeOf(trans, run);
  return escapeControls(place === '' ? words : `${words}, ${place}`);
}

/** The line as a sentence. */
function useLabel(row: IRow, best: IBest | null): string {
  const trans = useTranslation();
  const { run, metric, params } = row;
  const { document } = run.source;
  const parts = [
    `#${run.number} ${nameOf(run)}`,
    statusText(trans, run.status),
    row.pinned ? trans.__('pinned') : '',
    placeOf(trans, run),
    waitsFor(run),
    metric
      ? `${metric.name} ${formatNumber(toNumber(metric.last))}`
      : best
        ? bestText(trans, best)
        : '',
    ...params.map(([name, value]) => `${name} ${value}`),
    row.author ? trans.__('by %1', row.author) : '',
    document ? trans.__('from %1', document) : ''
  ];
  return escapeControls(parts.filter(part => part !== '').join(', '));
}
