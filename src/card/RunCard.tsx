import { stopIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Run, RunFile, toNumber } from '../api';
import { MetricChart } from '../charts/MetricChart';
import { plainText } from '../components/ansi';
import { useNow } from '../components/clock';
import { Button } from '../components/empty';
import { FileLine } from '../components/FileLine';
import { formatDuration, formatNumber } from '../components/format';
import { LogBox } from '../components/LogBox';
import { useSignal } from '../components/model';
import { StatusIcon, statusText } from '../components/status';
import { escapeControls, Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { Results } from '../runs/Results';
import { Notes, shownLog, sortFiles, Troubles } from '../runs/RunDetail';
import { canCancel, hasEnded, secondsOf, waitsFor } from '../runs/status';
import { CardModel } from './model';
import { progressText, sentCode, sentGroups, siblingsOf } from './words';

/** What a person can ask of a card. */
export interface ICardActions {
  onCancel: (model: CardModel, run: Run) => void;
  onDownload: (model: CardModel, file: RunFile) => void;
}

export interface IRunCardProps {
  model: CardModel;
  actions: ICardActions;
}

/** So many files are listed before one asks for the rest. */
const MOST_FILES = 5;
const MOST_PARAMS = 12;

/**
 * A run below the cell that submitted it: how it does while it goes, what came of it when it has ended.
 */
export function RunCard(props: IRunCardProps): JSX.Element | null {
  const trans = useTranslation();
  const { model, actions } = props;
  useSignal(model.changed);
  const { run } = model;
  if (run === null) {
    return null;
  }
  return (
    <div
      className="jp-mlws-surface jp-mlws-runcard"
      role="group"
      aria-label={trans.__('Run %1', run.number)}
      data-run={run.id}
      data-status={run.status}
    >
      <Head model={model} run={run} actions={actions} />
      <HowFar run={run} />
      <Troubles run={run} />
      <Charts model={model} run={run} />
      <Results outputs={model.outputs} />
      <Params run={run} />
      <Files model={model} actions={actions} />
      <Log model={model} run={run} />
      <Sent run={run} />
      <Notes run={run} />
      <Siblings model={model} run={run} />
    </div>
  );
}

function Head(props: IRunCardProps & { run: Run }): JSX.Element {
  const trans = useTranslation();
  const { model, run, actions } = props;
  const now = useNow(model.isAwake && !hasEnded(run));
  const seconds = secondsOf(run, now);
  const waits = waitsFor(run);
  const children =
    run.child_count > 0
      ? trans.__('%1 of %2 runs ended', run.children_ended, run.child_count)
      : '';
  const facts = [
    statusText(trans, run.status),
    seconds === null ? '' : formatDuration(seconds),
    children,
    run.status === 'Queued' ? waits : ''
  ].filter(fact => fact !== '');
  return (
    <div className="jp-mlws-runcard-head">
      <StatusIcon status={run.status} />
      <span className="jp-mlws-runcard-name">
        <strong>#{run.number}</strong> <Text value={run.experiment} />
        {run.display_name !== '' && (
          <>
            {' · '}
            <Text value={run.display_name} />
          </>
        )}
      </span>
      <span className="jp-mlws-runcard-facts">
        <Text value={facts.join(' · ')} />
      </span>
      <span className="jp-mlws-runcard-place">
        {model.connectionState === 'lost' && model.isAwake && <Lost />}
        <Text value={run.compute_target} />
      </span>
      {canCancel(run) && (
        <button
          type="button"
          className="jp-mlws-cancel"
          title={trans.__('Cancel run %1', run.number)}
          onClick={() => actions.onCancel(model, run)}
        >
          <stopIcon.react tag="span" width="14px" height="14px" />
          {trans.__('Cancel')}
        </button>
      )}
    </div>
  );
}

/** How far a run is, as the progress bar of its own output says. */
function HowFar(props: { run: Run }): JSX.Element | null {
  const trans = useTranslation();
  const { progress } = props.run;
  if (progress === null || hasEnded(props.run)) {
    return null;
  }
  const current = toNumber(progress.current);
  const total = progress.total === null ? null : toNumber(progress.total);
  const label = progressText(trans, progress);
  return (
    <div className="jp-mlws-runcard-progress">
      {total !== null && total > 0 && (
        <div
          className="jp-mlws-meter"
          role="progressbar"
          aria-label={trans.__('Progress')}
          aria-valuemin={0}
          aria-valuemax={total}
          aria-valuenow={current}
          aria-valuetext={label}
        >
          <div
            style={{ width: `${(100 * Math.min(current, total)) / total}%` }}
          />
        </div>
      )}
      <Text value={label} />
    </div>
  );
}

function Lost(): JSX.Element {
  const trans = useTranslation();
  const text = trans.__(
    'The Jupyter server does not answer; the card goes on when it does'
  );
  return (
    <span
      className="jp-mlws-dot"
      data-state="lost"
      role="img"
      aria-label={text}
      title={text}
    />
  );
}

/** The most telling metrics as charts side by side, the others as numbers. */
function Charts(props: { model: CardModel; run: Run }): JSX.Element | null {
  const trans = useTranslation();
  const { charts } = props.model;
  const drawn = new Set(charts.map(points => points.name));
  const others = props.run.metrics.filter(metric => !drawn.has(metric.name));
  if (charts.length === 0) {
    return null;
  }
  return (
    <>
      <div className="jp-mlws-runcard-charts">
        {charts.map(points => (
          <section key={points.name} className="jp-mlws-metrics">
            <h4 className="jp-mlws-heading">
              <Text value={points.name} />
            </h4>
            <MetricChart points={points} count={points.count} />
          </section>
        ))}
      </div>
      <Line
        title={trans.__('Metrics')}
        pairs={others.map(metric => [
          metric.name,
          formatNumber(toNumber(metric.last))
        ])}
      />
    </>
  );
}

function Params(props: { run: Run }): JSX.Element | null {
  const trans = useTranslation();
  const pairs = Object.entries(props.run.params);
  return <Line title={trans.__('Parameters')} pairs={pairs} />;
}

/** Names and values in a line. */
function Line(props: {
  title: string;
  pairs: readonly (readonly [string, string])[];
}): JSX.Element | null {
  const { pairs } = props;
  const more = pairs.length - MOST_PARAMS;
  return pairs.length === 0 ? null : (
    <p className="jp-mlws-runcard-line">
      <span>{props.title}</span>
      {pairs.slice(0, MOST_PARAMS).map(([name, value]) => (
        <span key={name} className="jp-mlws-runcard-pair">
          <Text value={name} /> <Text className="jp-mlws-value" value={value} />
        </span>
      ))}
      {more > 0 && <span>(+{more})</span>}
    </p>
  );
}

/** What came back: files of the script, and names that the cell assigned. */
function Files(props: IRunCardProps): JSX.Element | null {
  const trans = useTranslation();
  const { model, actions } = props;
  const [all, setAll] = React.useState(false);
  const { outputs, returned } = sortFiles(model.files);
  const files = [...outputs, ...returned];
  const shown = all ? files : files.slice(0, MOST_FILES);
  if (files.length === 0) {
    return null;
  }
  return (
    <section>
      <h4 className="jp-mlws-heading">{trans.__('Files')}</h4>
      <ul className="jp-mlws-files">
        {shown.map(file => (
          <FileLine
            key={`${file.kind} ${file.name}`}
            name={file.name}
            size={file.size_bytes}
            onDownload={() => actions.onDownload(model, file)}
          />
        ))}
      </ul>
      {shown.length < files.length && (
        <Button minimal onClick={() => setAll(true)}>
          {trans._n('One more', '%1 more', files.length - shown.length)}
        </Button>
      )}
    </section>
  );
}

/** The last line of the log; opened, its end. */
function Log(props: { model: CardModel; run: Run }): JSX.Element | null {
  const trans = useTranslation();
  const { log, logIsCut } = props.model;
  const traceback = props.run.error?.traceback ?? '';
  const [open, setOpen] = React.useState(false);
  const text = React.useMemo(
    () => shownLog(log, logIsCut, traceback),
    [log, logIsCut, traceback]
  );
  if (text === '' && (hasEnded(props.run) || props.run.started_at === null)) {
    return null;
  }
  const last = plainText(text).trimEnd().split('\n').pop() ?? '';
  return (
    <details
      className="jp-mlws-more jp-mlws-runcard-log"
      onToggle={event => setOpen(event.currentTarget.open)}
    >
      <summary>
        {trans.__('Log')}{' '}
        {!open && <code className="jp-mlws-runcard-last">{last}</code>}
      </summary>
      {open && <LogBox text={text} label={trans.__('End of the log')} />}
    </details>
  );
}

/** What travelled with the cell. */
function Sent(props: { run: Run }): JSX.Element | null {
  const trans = useTranslation();
  const groups = sentGroups(trans, props.run);
  const code = sentCode(props.run);
  if (groups.length === 0) {
    return null;
  }
  const line = (
    <>
      {trans.__('Sent')} {escapeControls(groups.join(' · '))}
    </>
  );
  return code === '' ? (
    <p className="jp-mlws-hint">{line}</p>
  ) : (
    <details className="jp-mlws-more">
      <summary>{line}</summary>
      <pre className="jp-mlws-traceback" tabIndex={0}>
        {escapeControls(code)}
      </pre>
    </details>
  );
}

/** The last runs of the same cell. */
function Siblings(props: { model: CardModel; run: Run }): JSX.Element | null {
  const trans = useTranslation();
  const siblings = siblingsOf(props.run, props.model.siblings);
  return siblings.length === 0 ? null : (
    <p className="jp-mlws-runcard-siblings">
      {trans.__('This cell:')}{' '}
      {siblings.map(({ run, text, isBest }) => (
        <span key={run.id} className="jp-mlws-runcard-pair">
          #{run.number}{' '}
          {text === '' ? statusText(trans, run.status).toLowerCase() : text}
          {isBest && (
            <span role="img" aria-label={trans.__('best')}>
              {' '}
              ★
            </span>
          )}
        </span>
      ))}
    </p>
  );
}
