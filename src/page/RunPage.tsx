import { linkIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Run, RunFile } from '../api';
import { Notice } from '../components/empty';
import { useSignal } from '../components/model';
import { StatusIcon } from '../components/status';
import { ITab, Tabs } from '../components/Tabs';
import { escapeControls, Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { LocksModel } from '../environments/model';
import { CodeTab } from '../run/CodeTab';
import { CurveList } from '../run/CurveList';
import { FileBrowser } from '../run/FileBrowser';
import { LogTab } from '../run/LogTab';
import { OnRunAction, RunActions } from '../runs/RunActions';
import { Facts } from '../runs/RunDetail';
import { RunEnvironment } from '../runs/RunEnvironment';
import { Reproducible } from '../runs/Reproducible';
import { nameOf } from '../runs/RunRow';
import { hasEnded } from '../runs/status';
import { TypedMetrics } from '../typed/TypedMetrics';
import { Children } from './Children';
import { RunPageModel, TabId } from './model';
import { Overview } from './Overview';

export interface IRunPageProps {
  model: RunPageModel;
  locks: LocksModel;
  onAction: OnRunAction;
  onCopy: (text: string) => void;
  onCopyLink: (run: Run) => void;
  onDownload: (file: RunFile) => void;
  onOpenDocument: (path: string) => void;
  onOpenRun: (run: string) => void;
}

/** A run in the main area: everything that is known of it, in tabs. */
export function RunPage(props: IRunPageProps): JSX.Element {
  const { model } = props;
  const { detail } = model;
  useSignal(detail.changed);
  useSignal(model.tabChanged);
  useSignal(model.connection.stateChanged);
  const { run, error } = detail;
  return (
    <div className="jp-mlws-page-body" aria-busy={run === null && !error}>
      <Lost {...props} />
      {error && (
        <Notice kind="error">
          {escapeControls(`${error.message} ${error.hint}`)}
        </Notice>
      )}
      {run && <Head {...props} run={run} />}
      {run && <Body {...props} run={run} />}
    </div>
  );
}

/** What is on screen may be old while nobody answers. */
function Lost(props: IRunPageProps): JSX.Element | null {
  const trans = useTranslation();
  const { state } = props.model.connection;
  return state === 'lost' ? (
    <p className="jp-mlws-page-lost" role="status">
      <span className="jp-mlws-dot" data-state="lost" />
      {trans.__('The server does not answer; this page goes on when it does.')}
    </p>
  ) : null;
}

function Head(props: IRunPageProps & { run: Run }): JSX.Element {
  const trans = useTranslation();
  const { run } = props;
  const label = trans.__('Copy a link to run %1', run.number);
  return (
    <div className="jp-mlws-detail-head">
      <StatusIcon status={run.status} />
      <div className="jp-mlws-detail-title">
        <h2>
          #{run.number} <Text value={nameOf(run)} />
        </h2>
        <Facts run={run} />
      </div>
      <button
        type="button"
        className="jp-mlws-icon-button"
        title={label}
        aria-label={label}
        onClick={() => props.onCopyLink(run)}
      >
        <linkIcon.react tag="span" width="16px" height="16px" />
      </button>
      <RunActions run={run} onAction={props.onAction} />
    </div>
  );
}

function Body(props: IRunPageProps & { run: Run }): JSX.Element {
  const trans = useTranslation();
  const { model, run } = props;
  const { connection, detail } = model;
  const tabs: ITab<TabId>[] = [
    {
      id: 'overview',
      label: trans.__('Overview'),
      render: () => <Overview {...props} />
    },
    {
      id: 'metrics',
      label: trans.__('Metrics'),
      render: () => <Metrics model={model} run={run} />
    },
    {
      id: 'logs',
      label: trans.__('Logs'),
      render: () => (
        <LogTab
          connection={connection}
          run={run}
          files={detail.files}
          onDownload={props.onDownload}
        />
      )
    },
    {
      id: 'outputs',
      label: trans.__('Outputs'),
      render: () => (
        <FileBrowser
          files={detail.files}
          load={file => detail.download(file)}
          onDownload={props.onDownload}
        />
      )
    },
    {
      id: 'code',
      label: trans.__('Code'),
      render: () => <CodeTab connection={connection} run={run} />
    },
    {
      id: 'environment',
      label: trans.__('Environment'),
      render: () => (
        <>
          <RunEnvironment
            model={detail}
            run={run}
            locks={props.locks}
            onCopy={props.onCopy}
          />
          <Reproducible record={detail.reproducibility} />
        </>
      )
    }
  ];
  if (run.child_count > 0 || model.tab === 'children') {
    tabs.push({
      id: 'children',
      label: trans.__('Children %1', run.child_count),
      render: () => <Children model={model} onOpen={props.onOpenRun} />
    });
  }
  return (
    <Tabs
      label={trans.__('Run %1', run.number)}
      tabs={tabs}
      selected={model.tab}
      onSelect={tab => {
        model.tab = tab;
      }}
    />
  );
}

function Metrics(props: { model: RunPageModel; run: Run }): JSX.Element {
  const trans = useTranslation();
  const { model, run } = props;
  useSignal(model.detail.typed.changed);
  const isEmpty =
    run.metrics.length === 0 && model.detail.typed.items.length === 0;
  return (
    <>
      {isEmpty && (
        <p className="jp-mlws-hint">
          {hasEnded(run)
            ? trans.__(
                'The run logged no metrics. mlws.log(loss=0.1) logs one.'
              )
            : trans.__('Metrics appear here once the run logs one.')}
        </p>
      )}
      <CurveList curves={model.curves} metrics={run.metrics} />
      <TypedMetrics model={model.detail.typed} />
    </>
  );
}
