import * as React from 'react';

import { toNumber } from '../api';
import { CardCharts } from '../card/CardCharts';
import { CardHead } from '../card/CardHead';
import { Line } from '../card/Line';
import { usageText } from '../card/words';
import { plainText } from '../components/ansi';
import { useNow } from '../components/clock';
import { Notice } from '../components/empty';
import {
  formatBytes,
  formatDuration,
  formatNumber,
  formatTook
} from '../components/format';
import { LogBox } from '../components/LogBox';
import { useSignal } from '../components/model';
import { statusText } from '../components/status';
import { escapeControls, Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { Meter } from '../run/HowFar';
import { IFacts } from './facts';
import { WidgetState } from './state';

/**
 * A run below its cell where JupyterLab does not draw it: the same as there, less what only the server could do.
 */
export function WidgetCard(props: { state: WidgetState }): JSX.Element {
  const trans = useTranslation();
  const { state } = props;
  useSignal(state.changed);
  const { facts, charts } = state;
  return (
    <div
      className="jp-mlws-surface jp-mlws-runcard"
      role="group"
      aria-label={trans.__('Run %1', facts.number)}
      data-status={facts.status}
    >
      <Head facts={facts} onCancel={() => state.cancel()} />
      {facts.progress && !hasEnded(facts) && (
        <Meter progress={facts.progress} />
      )}
      <Troubles facts={facts} />
      <CardCharts charts={charts} />
      <Line
        title={trans.__('Metrics')}
        pairs={facts.metrics
          .filter(it => !facts.charts.includes(it.name))
          .map(it => [it.name, formatNumber(toNumber(it.last))])}
        more={facts.metric_count - facts.metrics.length}
      />
      <Line
        title={trans.__('Parameters')}
        pairs={Object.entries(facts.params)}
      />
      <Line
        title={trans.__('Files')}
        pairs={facts.files.map(it => [it.name, formatBytes(it.size_bytes)])}
        more={facts.file_count - facts.files.length}
      />
      <Log facts={facts} />
      {facts.notes.map((note, i) => (
        <p key={i} className="jp-mlws-hint">
          {escapeControls(note)}
        </p>
      ))}
    </div>
  );
}

function hasEnded(facts: IFacts): boolean {
  return ['Completed', 'Failed', 'Canceled'].includes(facts.status);
}

function durationText(facts: IFacts, now: number): string {
  if (facts.started_at === null) {
    return '';
  }
  const end = facts.ended_at === null ? now : Date.parse(facts.ended_at);
  const seconds = (end - Date.parse(facts.started_at)) / 1000;
  return (hasEnded(facts) ? formatTook : formatDuration)(seconds);
}

function Head(props: { facts: IFacts; onCancel: () => void }): JSX.Element {
  const trans = useTranslation();
  const { facts } = props;
  const isLive = !hasEnded(facts);
  const now = useNow(isLive && facts.started_at !== null);
  const words = [
    statusText(trans, facts.status),
    durationText(facts, now),
    facts.child_count > 0
      ? trans.__('%1 of %2 runs ended', facts.children_ended, facts.child_count)
      : '',
    isLive ? facts.waiting_for : ''
  ];
  return (
    <CardHead
      run={facts}
      facts={words}
      place={
        <>
          <Text value={usageText(facts.usage)} />
          <Text value={facts.compute_target} />
        </>
      }
    >
      {isLive && facts.status !== 'CancelRequested' && (
        <Cancel number={facts.number} onCancel={props.onCancel} />
      )}
    </CardHead>
  );
}

/** Ends the run; asked for twice, since there is no way back. */
function Cancel(props: { number: number; onCancel: () => void }): JSX.Element {
  const trans = useTranslation();
  const [isSure, setSure] = React.useState(false);
  return (
    <button
      type="button"
      className="jp-mlws-cancel"
      title={trans.__('Cancel run %1', props.number)}
      onBlur={() => setSure(false)}
      onClick={() => {
        if (isSure) {
          props.onCancel();
        }
        setSure(!isSure);
      }}
    >
      {isSure ? trans.__('Cancel the run?') : trans.__('Cancel')}
    </button>
  );
}

function Troubles(props: { facts: IFacts }): JSX.Element {
  const trans = useTranslation();
  const { error, warnings, trouble } = props.facts;
  return (
    <>
      {error && (
        <Notice kind="error">
          <p>{escapeControls(error.message)}</p>
          {error.traceback && (
            <details className="jp-mlws-more">
              <summary>{trans.__('Traceback')}</summary>
              <pre className="jp-mlws-traceback" tabIndex={0}>
                {escapeControls(plainText(error.traceback))}
              </pre>
            </details>
          )}
        </Notice>
      )}
      {[...warnings, trouble]
        .filter(it => it !== '')
        .map((it, i) => (
          <Notice key={i} kind="warning">
            {escapeControls(it)}
          </Notice>
        ))}
    </>
  );
}

/** The last line of the log; opened, its end. */
function Log(props: { facts: IFacts }): JSX.Element | null {
  const trans = useTranslation();
  const [isOpen, setOpen] = React.useState(false);
  const text = escapeControls(plainText(props.facts.log)).trimEnd();
  return text === '' ? null : (
    <details
      className="jp-mlws-more jp-mlws-runcard-log"
      onToggle={event => setOpen(event.currentTarget.open)}
    >
      <summary>
        {trans.__('Log')}{' '}
        {!isOpen && (
          <code className="jp-mlws-runcard-last">{text.split('\n').pop()}</code>
        )}
      </summary>
      {isOpen && <LogBox text={text} label={trans.__('End of the log')} />}
    </details>
  );
}
