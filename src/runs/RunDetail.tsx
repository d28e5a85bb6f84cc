import { HTMLSelect } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Run, RunFile } from '../api';
import { MetricChart } from '../charts/MetricChart';
import { plainText } from '../components/ansi';
import { useNow } from '../components/clock';
import { Button, Empty, Notice } from '../components/empty';
import { FileLine } from '../components/FileLine';
import { formatDuration } from '../components/format';
import { LogBox } from '../components/LogBox';
import { useSignal } from '../components/model';
import { StatusIcon, statusText } from '../components/status';
import { escapeControls, Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { LocksModel } from '../environments/model';
import { OnCopy } from '../environments/Packages';
import { TypedMetrics } from '../typed/TypedMetrics';
import { isOutputs, RunDetailModel } from './detail';
import { Reproducible } from './Reproducible';
import { Results } from './Results';
import { OnRunAction, RunActions } from './RunActions';
import { Building, RunEnvironment } from './RunEnvironment';
import { nameOf, placeOf } from './RunRow';
import {
  buildsEnvironment,
  hasEnded,
  secondsOf,
  waitsFor,
  waitsItsTurn
} from './status';

export interface IRunDetailProps {
  model: RunDetailModel;
  locks: LocksModel;
  onAction: OnRunAction;
  onCopy: OnCopy;
  onDownload: (file: RunFile) => void;
}

/**
 * The selected run: what it is, how it does, what it left.
 */
export function RunDetail(props: IRunDetailProps): JSX.Element {
  const trans = useTranslation();
  const { model } = props;
  useSignal(model.changed);
  if (model.id === null) {
    return (
      <Empty>
        <p>{trans.__('Select a run to see its chart, log and files.')}</p>
      </Empty>
    );
  }
  if (model.run === null) {
    return model.error ? (
      <Notice kind="error">
        {escapeControls(model.error.message)} {escapeControls(model.error.hint)}
      </Notice>
    ) : (
      <div className="jp-mlws-detail" aria-busy="true" />
    );
  }
  return (
    <div
      className="jp-mlws-detail"
      tabIndex={0}
      role="group"
      aria-label={trans.__('Run %1', model.run.number)}
    >
      <Head run={model.run} onAction={props.onAction} />
      <Building model={model} run={model.run} />
      <Troubles run={model.run} />
      <Notes run={model.run} />
      <Metrics model={model} run={model.run} />
      <TypedMetrics key={model.id} model={model.typed} />
      <Results outputs={model.outputs} />
      <Pairs title={trans.__('Parameters')} pairs={model.run.params} />
      <Tags tags={model.run.tags} />
      <Log model={model} run={model.run} onDownload={props.onDownload} />
      <Files files={model.files} onDownload={props.onDownload} />
      <RunEnvironment
        key={`environment ${model.id}`}
        model={model}
        run={model.run}
        locks={props.locks}
        onCopy={props.onCopy}
      />
      <Reproducible record={model.reproducibility} />
    </div>
  );
}

function Head(props: { run: Run; onAction: OnRunAction }): JSX.Element {
  const { run } = props;
  return (
    <div className="jp-mlws-detail-head">
      <StatusIcon status={run.status} />
      <div className="jp-mlws-detail-title">
        <strong>#{run.number}</strong> <Text value={nameOf(run)} />
        <Facts run={run} />
      </div>
      <RunActions run={run} onAction={props.onAction} />
    </div>
  );
}

/** How a run stands, for how long, and where. */
export function Facts(props: { run: Run }): JSX.Element {
  const trans = useTranslation();
  const { run } = props;
  const now = useNow(!hasEnded(run));
  const seconds = secondsOf(run, now);
  const status = statusText(trans, run.status);
  const waits = waitsItsTurn(run) ? waitsFor(run) : '';
  const namesTarget = waits.endsWith(` on ${run.compute_target}`);
  const place = placeOf(trans, run) || run.compute_target;
  const facts = [
    waits === '' ? status : `${status}, ${waits}`,
    ...(seconds === null ? [] : [formatDuration(seconds)]),
    ...(namesTarget ? [] : [place])
  ];
  return (
    <div className="jp-mlws-detail-facts">
      <Text value={facts.join(' · ')} />
    </div>
  );
}

function capitalized(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What holds a run up unless it just waits its turn, what went wrong, what was noticed. */
export function Troubles(props: { run: Run }): JSX.Element {
  const trans = useTranslation();
  const { error, warnings } = props.run;
  const isUsual = waitsItsTurn(props.run) || buildsEnvironment(props.run);
  const obstacle = isUsual ? '' : waitsFor(props.run);
  return (
    <>
      {obstacle !== '' && (
        <Notice kind="warning">{escapeControls(capitalized(obstacle))}</Notice>
      )}
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
      {warnings.map((warning, i) => (
        <Notice key={i} kind="warning">
          {escapeControls(warning)}
        </Notice>
      ))}
    </>
  );
}

/** What its user noted, and what the submission had to say about how it was done. */
export function Notes(props: { run: Run }): JSX.Element | null {
  const { description, notes } = props.run;
  return description === '' && notes.length === 0 ? null : (
    <div className="jp-mlws-notes">
      {description !== '' && (
        <p className="jp-mlws-description">{escapeControls(description)}</p>
      )}
      {notes.map((note, i) => (
        <p key={i} className="jp-mlws-hint">
          {escapeControls(note)}
        </p>
      ))}
    </div>
  );
}

function Metrics(props: {
  model: RunDetailModel;
  run: Run;
}): JSX.Element | null {
  const { model, run } = props;
  useSignal(model.typed.changed);
  if (model.points === null) {
    const hasOthers = run.child_count > 0 || model.typed.items.length > 0;
    return hasEnded(run) || hasOthers ? null : <NoMetrics />;
  }
  return (
    <section className="jp-mlws-metrics">
      <MetricChooser model={model} run={run} />
      <MetricChart points={model.points} count={model.points.count} />
    </section>
  );
}

function NoMetrics(): JSX.Element {
  const trans = useTranslation();
  return (
    <p className="jp-mlws-hint">
      {trans.__('Metrics appear here once the run logs one.')}
    </p>
  );
}

function MetricChooser(props: {
  model: RunDetailModel;
  run: Run;
}): JSX.Element {
  const trans = useTranslation();
  const { model, run } = props;
  const names = run.metrics.map(metric => metric.name);
  if (names.length < 2) {
    return (
      <h4 className="jp-mlws-heading">
        <Text value={model.metric ?? ''} />
      </h4>
    );
  }
  return (
    <HTMLSelect
      className="jp-mlws-metric-chooser"
      aria-label={trans.__('Metric')}
      value={names.indexOf(model.metric ?? '')}
      onChange={event => model.setMetric(names[Number(event.target.value)])}
    >
      {names.map((name, i) => (
        <option key={name} value={i}>
          {escapeControls(name)}
        </option>
      ))}
    </HTMLSelect>
  );
}

/** Names with their values; nothing where there are none. */
export function Pairs(props: {
  title: string;
  pairs: Readonly<Record<string, string>>;
}): JSX.Element | null {
  const pairs = Object.entries(props.pairs);
  if (pairs.length === 0) {
    return null;
  }
  return (
    <section>
      <h4 className="jp-mlws-heading">{props.title}</h4>
      <dl className="jp-mlws-pairs">
        {pairs.map(([name, value]) => (
          <React.Fragment key={name}>
            <dt>
              <Text value={name} />
            </dt>
            <dd>
              <Text value={value} />
            </dd>
          </React.Fragment>
        ))}
      </dl>
    </section>
  );
}

/** The tags of a run; nothing where it has none. */
export function Tags(props: {
  tags: Readonly<Record<string, string>>;
}): JSX.Element | null {
  const trans = useTranslation();
  const tags = Object.entries(props.tags);
  if (tags.length === 0) {
    return null;
  }
  return (
    <section>
      <h4 className="jp-mlws-heading">{trans.__('Tags')}</h4>
      <ul className="jp-mlws-tags">
        {tags.map(([name, value]) => (
          <li key={name}>
            <Text value={value === '' ? name : `${name}: ${value}`} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The end of the log, and the way to all of it. */
function Log(props: {
  model: RunDetailModel;
  run: Run;
  onDownload: (file: RunFile) => void;
}): JSX.Element | null {
  const trans = useTranslation();
  const { files, log, logIsCut } = props.model;
  const traceback = props.run.error?.traceback ?? '';
  const text = React.useMemo(
    () => shownLog(log, logIsCut, traceback),
    [log, logIsCut, traceback]
  );
  const whole = files.find(it => it.kind === 'log' && it.name === 'std.log');
  if (text === '' && !logIsCut) {
    return null;
  }
  return (
    <section>
      <h4 className="jp-mlws-heading">{trans.__('Log')}</h4>
      {logIsCut && (
        <p className="jp-mlws-hint">
          {trans.__('Earlier output:')}{' '}
          {whole ? (
            <Button minimal onClick={() => props.onDownload(whole)}>
              {trans.__('download std.log')}
            </Button>
          ) : (
            trans.__('in std.log when the run has ended')
          )}
        </p>
      )}
      <LogBox text={text} label={trans.__('End of the log')} />
    </section>
  );
}

/** The log in whole lines, if it has any, and without the traceback that stands above already. */
export function shownLog(
  log: string,
  isCut: boolean,
  traceback: string
): string {
  const lines = isCut ? log.slice(log.indexOf('\n') + 1) : log;
  const text = plainText(lines.trim() === '' ? log : lines).trimEnd();
  const known = plainText(traceback).trim();
  const end = known !== '' && text.endsWith(known) ? known.length : 0;
  return escapeControls(text.slice(0, text.length - end).trimEnd());
}

/** What the script left, what the cell returned; below, closed, our logs. */
function Files(props: {
  files: readonly RunFile[];
  onDownload: (file: RunFile) => void;
}): JSX.Element | null {
  const trans = useTranslation();
  const { outputs, returned, logs } = sortFiles(props.files);
  return (
    <>
      {outputs.length > 0 && (
        <section>
          <h4 className="jp-mlws-heading">{trans.__('Files')}</h4>
          <FileLines files={outputs} onDownload={props.onDownload} />
        </section>
      )}
      {returned.length > 0 && (
        <section>
          <h4 className="jp-mlws-heading">{trans.__('Returned')}</h4>
          <FileLines files={returned} onDownload={props.onDownload} />
        </section>
      )}
      {logs.length > 0 && (
        <details className="jp-mlws-more">
          <summary>{trans.__('Logs (%1)', logs.length)}</summary>
          <FileLines files={logs} onDownload={props.onDownload} />
        </details>
      )}
    </>
  );
}

/** Results that only we read; what is shown by other means. */
const INTERNAL = /^(index\.json|error\.json|captured\..*|\..*)$/;

/** Files by whose they are, without those that mean nothing to a person. */
export function sortFiles(files: readonly RunFile[]) {
  return {
    outputs: files.filter(file => file.kind === 'output'),
    returned: files.filter(
      file =>
        file.kind === 'result' && !INTERNAL.test(file.name) && !isOutputs(file)
    ),
    logs: files.filter(file => file.kind === 'log')
  };
}

function FileLines(props: {
  files: readonly RunFile[];
  onDownload: (file: RunFile) => void;
}): JSX.Element {
  return (
    <ul className="jp-mlws-files">
      {props.files.map(file => (
        <FileLine
          key={`${file.kind} ${file.name}`}
          name={file.name}
          size={file.size_bytes}
          onDownload={() => props.onDownload(file)}
        />
      ))}
    </ul>
  );
}
