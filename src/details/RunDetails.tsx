import { launchIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { MetricSummary, Run, RunFile } from '../api';
import { Button, Empty } from '../components/empty';
import { Failure } from '../components/failure';
import { IconButton } from '../components/IconButton';
import { pinIcon } from '../components/icons';
import { useSignal } from '../components/model';
import { StatusIcon } from '../components/status';
import { Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { LocksModel } from '../environments/model';
import type { TabId } from '../page/tabs';
import { ChildrenPart } from '../run/Below';
import { CellLink } from '../run/CellLink';
import { CurveList } from '../run/CurveList';
import { HowFar } from '../run/HowFar';
import { Lost } from '../run/Lost';
import { Note } from '../run/Note';
import {
  Facts,
  Files,
  LogTail,
  Pairs,
  SubmissionNotes,
  Troubles
} from '../run/parts';
import { TagEditor } from '../run/TagEditor';
import { RunView } from '../run/view';
import { Reproducible } from '../runs/Reproducible';
import { Results } from '../runs/Results';
import { leadingMetrics } from '../runs/rows';
import { OnRunAction, RunActions } from '../runs/RunActions';
import { nameOf } from '../runs/RunRow';
import { Building, RunEnvironment } from '../runs/RunEnvironment';
import { hasEnded } from '../runs/status';
import { TypedMetrics } from '../typed/TypedMetrics';

/** So many charts are drawn here; the run's page has all of them. */
const MOST_CHARTS = 4;
/** What a run's machine did is measured under this name. */
const SYSTEM = 'system/';

export interface IRunDetailsProps {
  /** The run that is looked at; null when nothing points at one. */
  view: RunView | null;
  locks: LocksModel | null;
  isPinned: boolean;
  onPin: (pinned: boolean) => void;
  onAction: OnRunAction;
  onCopy: (text: string) => void;
  onDownload: (file: RunFile) => void;
  onOpenCell: (run: Run) => void;
  onOpenPage: (tab?: TabId) => void;
  onOpenRun: (run: string) => void;
  /** Told whether somebody types about the run. */
  onTyping: (typing: boolean) => void;
}

interface IShownProps extends IRunDetailsProps {
  view: RunView;
  locks: LocksModel;
}

/** The run that is selected, or that the active cell made: what it is, how it does, what it left. */
export function RunDetails(props: IRunDetailsProps): JSX.Element {
  const trans = useTranslation();
  const { view, locks } = props;
  if (view === null || locks === null) {
    return (
      <Empty title={trans.__('No run to show')}>
        <p>
          {trans.__(
            'Select a run in the ML workspace on the left, or a cell that made one. It is shown here with its charts, parameters and log.'
          )}
        </p>
      </Empty>
    );
  }
  return <Followed key={view.run} {...props} view={view} locks={locks} />;
}

function Followed(props: IShownProps): JSX.Element {
  const trans = useTranslation();
  const { view } = props;
  const { detail } = view;
  useSignal(detail.changed);
  const { run, error } = detail;
  return (
    <div
      className="jp-mlws-detail"
      tabIndex={0}
      role="group"
      aria-label={run ? trans.__('Run %1', run.number) : trans.__('Run')}
      aria-busy={run === null && !error}
      onFocus={event => props.onTyping(isField(event.target))}
      onBlur={() => props.onTyping(false)}
    >
      <Lost connection={view.connection} said={error} />
      {error && <Failure error={error} />}
      {run && <Shown {...props} run={run} />}
    </div>
  );
}

function isField(element: Element): boolean {
  return element.matches('textarea, input:not([type=checkbox])');
}

function Shown(props: IShownProps & { run: Run }): JSX.Element {
  const trans = useTranslation();
  const { view, run, locks } = props;
  const { detail, edits } = view;
  return (
    <>
      <Head {...props} />
      <HowFar run={run} />
      <Building model={detail} run={run} />
      <Troubles run={run} />
      <SubmissionNotes run={run} />
      <Metrics {...props} />
      <ChildrenPart
        connection={view.connection}
        run={run}
        onOpen={props.onOpenRun}
      />
      <TypedMetrics model={detail.typed} />
      <Results outputs={detail.outputs} />
      <Pairs title={trans.__('Parameters')} pairs={run.params} />
      <TagEditor edits={edits} />
      <Note edits={edits} />
      <LogTail model={detail} run={run} onDownload={props.onDownload} />
      <Files
        files={detail.files}
        typed={detail.typed.items}
        onDownload={props.onDownload}
      />
      <RunEnvironment
        model={detail}
        run={run}
        locks={locks}
        onCopy={props.onCopy}
      />
      <Reproducible record={detail.reproducibility} />
    </>
  );
}

function Head(props: IShownProps & { run: Run }): JSX.Element {
  const { run } = props;
  return (
    <div className="jp-mlws-details-head">
      <div className="jp-mlws-detail-head">
        <StatusIcon status={run.status} />
        <h3 className="jp-mlws-detail-title">
          #{run.number} <Text value={nameOf(run)} />
        </h3>
        <Tools {...props} />
      </div>
      <div className="jp-mlws-detail-head">
        <div className="jp-mlws-detail-title">
          <Facts run={run} />
          <Origin {...props} />
        </div>
        <RunActions
          run={run}
          user={props.view.connection.info?.user ?? ''}
          onAction={props.onAction}
        />
      </div>
    </div>
  );
}

/** Whose run it is, and which cell it came from. */
function Origin(props: IShownProps & { run: Run }): JSX.Element {
  const { run } = props;
  return (
    <div className="jp-mlws-detail-facts">
      {run.source.document !== '' && (
        <>
          <CellLink run={run} isShort onOpenCell={props.onOpenCell} />
          {' · '}
        </>
      )}
      <Text value={run.user} />
    </div>
  );
}

function Tools(props: IShownProps & { run: Run }): JSX.Element {
  const trans = useTranslation();
  const { run, isPinned, onPin, onOpenPage } = props;
  const pin = trans.__('Keep run %1 here', run.number);
  return (
    <div className="jp-mlws-actions">
      <button
        type="button"
        className="jp-mlws-icon-button"
        aria-pressed={isPinned}
        title={isPinned ? trans.__('Follow the selection again') : pin}
        aria-label={pin}
        onClick={() => onPin(!isPinned)}
      >
        <pinIcon.react tag="span" width="16px" height="16px" />
      </button>
      <IconButton
        icon={launchIcon}
        label={trans.__('Open run %1', run.number)}
        onClick={() => onOpenPage()}
      />
    </div>
  );
}

/** The charts of the most telling metrics. */
function Metrics(props: IShownProps & { run: Run }): JSX.Element | null {
  const trans = useTranslation();
  const { view, run, onOpenPage } = props;
  const { typed } = view.detail;
  useSignal(typed.changed);
  const { metrics } = run;
  if (metrics.length === 0) {
    const hasOthers = run.child_count > 0 || typed.items.length > 0;
    return hasEnded(run) || hasOthers ? null : (
      <p className="jp-mlws-hint">
        {trans.__('Metrics appear here once the run logs one.')}
      </p>
    );
  }
  return (
    <section>
      <CurveList curves={view.curves} metrics={telling(run)} />
      {metrics.length > MOST_CHARTS && (
        <Button minimal onClick={() => onOpenPage('metrics')}>
          {trans.__('All %1 metrics', metrics.length)}
        </Button>
      )}
    </section>
  );
}

/** The metrics that people look for first. */
function telling(run: Run): readonly MetricSummary[] {
  const own = run.metrics.filter(it => !it.name.startsWith(SYSTEM));
  const names = leadingMetrics([{ ...run, metrics: own }]);
  return names
    .slice(0, MOST_CHARTS)
    .flatMap(name => own.find(metric => metric.name === name) ?? []);
}
