import { launchIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Run, RunFile, toNumber } from '../api';
import { plainText } from '../components/ansi';
import { useNow } from '../components/clock';
import { Button } from '../components/empty';
import { FileLine } from '../components/FileLine';
import { formatNumber } from '../components/format';
import { Titled } from '../components/heading';
import { IconButton } from '../components/IconButton';
import { LogBox } from '../components/LogBox';
import { useSignal } from '../components/model';
import { statusText } from '../components/status';
import { escapeControls, Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { CancelButton } from '../runs/CancelButton';
import { Results } from '../runs/Results';
import { looksLikeModel } from '../models/register';
import { ChildrenPart } from '../run/Below';
import { HowFar } from '../run/HowFar';
import { shownName, sortFiles } from '../run/files';
import { IN_RECORD } from '../run/metricNames';
import { Notes, shownLog, Troubles } from '../run/parts';
import { placeOf } from '../runs/RunRow';
import { durationText, hasEnded, isOfOthers, waitsFor } from '../runs/status';
import { CardCharts } from './CardCharts';
import { CardHead } from './CardHead';
import { changesOf } from './changes';
import { Line } from './Line';
import { CardModel } from './model';
import {
  sentCode,
  sentGroups,
  siblingsOf,
  statusWords,
  usageText
} from './words';

/** What a person can ask of a card. */
export interface ICardActions {
  onCancel: (model: CardModel, run: Run) => void;
  onDownload: (model: CardModel, file: RunFile) => void;
  onOpen: (model: CardModel, run: string) => void;
  onRegister: (model: CardModel, run: Run, file: RunFile) => void;
  /** Copy a file beside the notebook; absent where the card lies in none. */
  onCopy?: (model: CardModel, file: RunFile) => void;
  /** Insert the line that gives a value; absent where the card lies in no notebook. */
  onUse?: (model: CardModel, run: Run, name: string) => void;
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
      <ChildrenPart
        connection={model.connection}
        run={run}
        isActive={model.isAwake || hasEnded(run)}
        onOpen={child => actions.onOpen(model, child)}
      />
      <Results outputs={model.outputs} />
      <Params run={run} />
      <Changed model={model} run={run} actions={actions} />
      <Files model={model} run={run} actions={actions} />
      <Returned model={model} run={run} actions={actions} />
      <Log model={model} run={run} />
      <Sent model={model} run={run} />
      <Notes run={run} />
      <Siblings model={model} run={run} actions={actions} />
    </div>
  );
}

function Head(props: IRunCardProps & { run: Run }): JSX.Element {
  const trans = useTranslation();
  const { model, run, actions } = props;
  const user = model.connection.info?.user ?? '';
  const now = useNow(model.isAwake && !hasEnded(run));
  const waits = waitsFor(run);
  const children =
    run.child_count > 0
      ? trans.__('%1 of %2 runs ended', run.children_ended, run.child_count)
      : '';
  const facts = [
    statusWords(trans, run, model.connection.info),
    durationText(run, now),
    children,
    run.status === 'Queued' ? waits : ''
  ];
  return (
    <CardHead
      run={run}
      facts={facts}
      place={
        <>
          <Lost model={model} />
          <Text value={usageText(model.usage)} />
          {isOfOthers(run, user) && (
            <Text value={trans.__('by %1', run.user)} />
          )}
          <Text value={placeOf(trans, run) || run.compute_target} />
        </>
      }
    >
      <CancelButton
        run={run}
        user={user}
        onCancel={() => actions.onCancel(model, run)}
      />
      <IconButton
        icon={launchIcon}
        size={14}
        label={trans.__('Open run %1', run.number)}
        onClick={() => actions.onOpen(model, run.id)}
      />
    </CardHead>
  );
}

/** That what is shown may be old: nobody answers, or the workspace cannot be read. */
function Lost(props: { model: CardModel }): JSX.Element | null {
  const trans = useTranslation();
  const { connection, connectionState: state, isAwake } = props.model;
  if (!isAwake || (state !== 'lost' && state !== 'failed')) {
    return null;
  }
  const text =
    state === 'lost'
      ? trans.__(
          'The Jupyter server does not answer; the card goes on when it does'
        )
      : trans.__(
          'The card goes on when the workspace can be read: %1',
          escapeControls(connection.error?.message ?? '')
        );
  return (
    <span
      className="jp-mlws-dot"
      data-state={state}
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
      <CardCharts charts={charts} />
      <Line
        title={trans.__('Metrics')}
        pairs={others.map(metric => [
          metric.name,
          formatNumber(toNumber(metric.last))
        ])}
        most={MOST_PARAMS}
        isCut={props.run.metrics.length >= IN_RECORD}
      />
    </>
  );
}

function Params(props: { run: Run }): JSX.Element | null {
  const trans = useTranslation();
  const pairs = Object.entries(props.run.params);
  return (
    <Line title={trans.__('Parameters')} pairs={pairs} most={MOST_PARAMS} />
  );
}

/** What is different from the last good run of the cell, or from its best one. */
function Changed(props: IRunCardProps & { run: Run }): JSX.Element | null {
  const trans = useTranslation();
  const { model, run, actions } = props;
  const changes = changesOf(trans, run, model.siblings);
  if (changes === null) {
    return null;
  }
  const { since, reason, value, texts } = changes;
  return (
    <p className="jp-mlws-runcard-line">
      <span>
        {reason === 'good'
          ? trans.__('Changed since the last good run')
          : trans.__('Different from the best run')}
      </span>
      <span>
        <RunLink run={since} onOpen={() => actions.onOpen(model, since.id)} />{' '}
        <span className="jp-mlws-value">{value}</span>
      </span>
      <Text
        value={
          texts.length > 0
            ? texts.join(' · ')
            : trans.__('nothing that is recorded')
        }
      />
    </p>
  );
}

/** The number of another run, which opens it. */
function RunLink(props: { run: Run; onOpen: () => void }): JSX.Element {
  const trans = useTranslation();
  return (
    <button
      type="button"
      className="jp-mlws-link"
      title={trans.__('Open run %1', props.run.number)}
      onClick={props.onOpen}
    >
      #{props.run.number}
    </button>
  );
}

/** The first of a list, and a button that shows the rest. */
function useFirst<T>(items: readonly T[]): [readonly T[], JSX.Element | null] {
  const trans = useTranslation();
  const [all, setAll] = React.useState(false);
  const shown = all ? items : items.slice(0, MOST_FILES);
  const more = items.length - shown.length;
  return [
    shown,
    more > 0 ? (
      <Button minimal onClick={() => setAll(true)}>
        {trans._n('One more', '%1 more', more)}
      </Button>
    ) : null
  ];
}

/** Files that the script left. */
function Files(props: IRunCardProps & { run: Run }): JSX.Element | null {
  const trans = useTranslation();
  const { model, run, actions } = props;
  const { outputs, values } = sortFiles(model.files, model.typed);
  const [files, more] = useFirst(outputs);
  return files.length + values.length === 0 ? null : (
    <Titled title={trans.__('Files')}>
      <ul className="jp-mlws-files" hidden={files.length === 0}>
        {files.map(file => (
          <FileLine
            key={file.name}
            name={file.name}
            size={file.size_bytes}
            onDownload={() => actions.onDownload(model, file)}
          >
            {looksLikeModel(file.name) && (
              <Button
                minimal
                title={trans.__(
                  'Register %1 as a model',
                  escapeControls(file.name)
                )}
                onClick={() => actions.onRegister(model, run, file)}
              >
                {trans.__('Register')}
              </Button>
            )}
            {actions.onCopy && (
              <Button
                minimal
                title={trans.__(
                  'Copy %1 to the folder of the notebook',
                  escapeControls(file.name)
                )}
                onClick={() => actions.onCopy!(model, file)}
              >
                {trans.__('Copy here')}
              </Button>
            )}
          </FileLine>
        ))}
      </ul>
      {more}
      {values.length > 0 && (
        <Button minimal onClick={() => actions.onOpen(model, run.id)}>
          {trans._n(
            'See the value that it logged as a file',
            'See the values that it logged as %1 files',
            values.length
          )}
        </Button>
      )}
    </Titled>
  );
}

/** Names that the cell assigned, as they were at its end. */
function Returned(props: IRunCardProps & { run: Run }): JSX.Element | null {
  const trans = useTranslation();
  const { model, run, actions } = props;
  const [files, more] = useFirst(sortFiles(model.files).returned);
  const sent = new Set(run.captured.map(it => it.name));
  return files.length === 0 ? null : (
    <Titled title={trans.__('Returned')}>
      <ul className="jp-mlws-files">
        {files.map(file => {
          const name = shownName(file);
          return (
            <FileLine
              key={file.name}
              name={name}
              size={file.size_bytes}
              onDownload={() => actions.onDownload(model, file)}
            >
              {sent.has(name) && (
                <span className="jp-mlws-hint">
                  {trans.__("the kernel's own is the one from before")}
                </span>
              )}
              {actions.onUse && name !== file.name && (
                <Button
                  minimal
                  title={trans.__(
                    'Insert the line that gives %1 in a new cell below',
                    name
                  )}
                  onClick={() => actions.onUse!(model, run, name)}
                >
                  {trans.__('Use here')}
                </Button>
              )}
            </FileLine>
          );
        })}
      </ul>
      {more}
    </Titled>
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
function Sent(props: { model: CardModel; run: Run }): JSX.Element | null {
  const trans = useTranslation();
  const groups = sentGroups(trans, props.run, props.model.snapshot);
  const code = sentCode(props.run);
  if (groups.length === 0) {
    return null;
  }
  const line = (
    <>{trans.__('Sent along: %1', escapeControls(groups.join(' · ')))}</>
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
function Siblings(props: IRunCardProps & { run: Run }): JSX.Element | null {
  const trans = useTranslation();
  const { model, actions } = props;
  const siblings = siblingsOf(props.run, props.model.siblings);
  return siblings.length === 0 ? null : (
    <p className="jp-mlws-runcard-siblings">
      {trans.__('This cell:')}{' '}
      {siblings.map(({ run, text, isBest }) => (
        <span key={run.id} className="jp-mlws-runcard-pair">
          <RunLink run={run} onOpen={() => actions.onOpen(model, run.id)} />{' '}
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
