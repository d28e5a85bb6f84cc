import * as React from 'react';

import { Run, RunFile, TypedMetric } from '../api';
import { plainText } from '../components/ansi';
import { useNow } from '../components/clock';
import { Button, Notice } from '../components/empty';
import { FileLine } from '../components/FileLine';
import { LogBox } from '../components/LogBox';
import { PairList } from '../components/Pairs';
import { statusText } from '../components/status';
import { escapeControls, Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { RunDetailModel } from '../runs/detail';
import { placeOf } from '../runs/RunRow';
import {
  buildsEnvironment,
  durationText,
  hasEnded,
  waitsFor,
  waitsItsTurn
} from '../runs/status';
import { shownName, sortFiles } from './files';

/** How a run stands, for how long, and where. */
export function Facts(props: { run: Run }): JSX.Element {
  const trans = useTranslation();
  const { run } = props;
  const now = useNow(!hasEnded(run));
  const status = statusText(trans, run.status);
  const waits = waitsItsTurn(run) ? waitsFor(run) : '';
  const namesTarget = waits.endsWith(` on ${run.compute_target}`);
  const place = placeOf(trans, run) || run.compute_target;
  const facts = [
    waits === '' ? status : `${status}, ${waits}`,
    durationText(run, now),
    ...(namesTarget ? [] : [place])
  ];
  return (
    <div className="jp-mlws-detail-facts">
      <Text value={facts.filter(fact => fact !== '').join(' · ')} />
    </div>
  );
}

function capitalized(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** So many lines of a traceback are seen without a click: the lines of the notebook that led to the failure. */
const SHORT_LINES = 12;

function isShort(traceback: string): boolean {
  return traceback.trimEnd().split('\n').length <= SHORT_LINES;
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
            <details className="jp-mlws-more" open={isShort(error.traceback)}>
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
  const { description } = props.run;
  return (
    <>
      {description !== '' && (
        <p className="jp-mlws-description">{escapeControls(description)}</p>
      )}
      <SubmissionNotes run={props.run} />
    </>
  );
}

/** What the submission had to say about how it was done. */
export function SubmissionNotes(props: { run: Run }): JSX.Element | null {
  const { notes } = props.run;
  return notes.length === 0 ? null : (
    <div className="jp-mlws-notes">
      {notes.map((note, i) => (
        <p key={i} className="jp-mlws-hint">
          {escapeControls(note)}
        </p>
      ))}
    </div>
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
      <PairList pairs={pairs} />
    </section>
  );
}

/** The end of the log, and the way to all of it. */
export function LogTail(props: {
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
export function Files(props: {
  files: readonly RunFile[];
  /** What the run logged besides numbers: its files are not listed one by one. */
  typed: readonly TypedMetric[];
  onDownload: (file: RunFile) => void;
}): JSX.Element | null {
  const trans = useTranslation();
  const { outputs, values, returned, logs } = sortFiles(
    props.files,
    props.typed
  );
  return (
    <>
      {outputs.length + values.length > 0 && (
        <section>
          <h4 className="jp-mlws-heading">{trans.__('Files')}</h4>
          <FileLines files={outputs} onDownload={props.onDownload} />
          {values.length > 0 && (
            <p className="jp-mlws-hint">
              {trans._n(
                'One file of the values that it logged is on the page of the run, under Outputs.',
                '%1 files of the values that it logged are on the page of the run, under Outputs.',
                values.length
              )}
            </p>
          )}
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

function FileLines(props: {
  files: readonly RunFile[];
  onDownload: (file: RunFile) => void;
}): JSX.Element {
  return (
    <ul className="jp-mlws-files">
      {props.files.map(file => (
        <FileLine
          key={`${file.kind} ${file.name}`}
          name={shownName(file)}
          size={file.size_bytes}
          onDownload={() => props.onDownload(file)}
        />
      ))}
    </ul>
  );
}
