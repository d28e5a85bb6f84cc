import { linkIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Run, RunFile } from '../api';
import { Failure } from '../components/failure';
import { IconButton } from '../components/IconButton';
import { useSignal } from '../components/model';
import { StatusIcon } from '../components/status';
import { ITab, Tabs } from '../components/Tabs';
import { Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { LocksModel } from '../environments/model';
import { Below } from '../run/Below';
import { CodeTab } from '../run/CodeTab';
import { CompareTab } from '../run/CompareTab';
import { CurveList } from '../run/CurveList';
import { FileBrowser } from '../run/FileBrowser';
import { HowFar } from '../run/HowFar';
import { LogTab } from '../run/LogTab';
import { Lost } from '../run/Lost';
import { OnRunAction, RunActions } from '../runs/RunActions';
import { Facts } from '../run/parts';
import { RunEnvironment } from '../runs/RunEnvironment';
import { Reproducible } from '../runs/Reproducible';
import { nameOf } from '../runs/RunRow';
import { hasEnded } from '../runs/status';
import { TypedMetrics } from '../typed/TypedMetrics';
import { RunPageModel } from './model';
import { Overview } from './Overview';
import type { TabId } from './tabs';

export interface IRunPageProps {
  model: RunPageModel;
  locks: LocksModel;
  onAction: OnRunAction;
  onCopy: (text: string) => void;
  onCopyLink: (run: Run) => void;
  onDownload: (file: RunFile) => void;
  onOpenCell: (run: Run) => void;
  onOpenRun: (run: string) => void;
  /** Called once the tabs are there. */
  onReady: () => void;
}

/** A run in the main area: everything that is known of it, in tabs. */
export function RunPage(props: IRunPageProps): JSX.Element {
  const { model } = props;
  const { detail } = model;
  useSignal(detail.changed);
  useSignal(model.tabChanged);
  const { run, error } = detail;
  return (
    <div className="jp-mlws-page-body" aria-busy={run === null && !error}>
      <Lost connection={model.connection} said={error} />
      {error && <Failure error={error} />}
      {run && <Head {...props} run={run} />}
      {run && <HowFar run={run} />}
      {run && <Body {...props} run={run} />}
    </div>
  );
}

function Head(props: IRunPageProps & { run: Run }): JSX.Element {
  const trans = useTranslation();
  const { run } = props;
  return (
    <div className="jp-mlws-detail-head">
      <StatusIcon status={run.status} />
      <div className="jp-mlws-detail-title">
        <h2>
          #{run.number} <Text value={nameOf(run)} />
        </h2>
        <Facts run={run} />
      </div>
      <IconButton
        icon={linkIcon}
        label={trans.__('Copy a link to run %1', run.number)}
        onClick={() => props.onCopyLink(run)}
      />
      <RunActions
        run={run}
        user={props.model.connection.info?.user ?? ''}
        onAction={props.onAction}
      />
    </div>
  );
}

function Body(props: IRunPageProps & { run: Run }): JSX.Element {
  const trans = useTranslation();
  const { model, run } = props;
  const { connection, detail } = model;
  // What there is to do then is done once.
  React.useEffect(props.onReady, []);
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
      render: () => (
        <CodeTab connection={connection} run={run} other={model.other} />
      )
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
    },
    {
      id: 'compare',
      label: trans.__('Compare'),
      render: () => (
        <CompareTab
          connection={connection}
          run={run}
          record={detail.reproducibility}
          other={model.other}
          locks={props.locks}
          onShowCode={() => {
            model.tab = 'code';
          }}
        />
      )
    }
  ];
  if (run.child_count > 0 || model.tab === 'children') {
    tabs.push({
      id: 'children',
      label: trans.__('Children %1', run.child_count),
      render: () => (
        <Below connection={connection} run={run.id} onOpen={props.onOpenRun} />
      )
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
  useSignal(model.curves.changed);
  const isEmpty =
    run.metrics.length === 0 &&
    model.curves.names.length === 0 &&
    model.detail.typed.items.length === 0;
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
      <CurveList curves={model.curves} />
      <TypedMetrics model={model.detail.typed} />
    </>
  );
}
