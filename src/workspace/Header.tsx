import { caretDownEmptyThinIcon, HTMLSelect } from '@jupyterlab/ui-components';
import * as React from 'react';

import { WorkspaceInfo } from '../api';
import { Button, Notice } from '../components/empty';
import { errorText } from '../components/failure';
import { formatBytes } from '../components/format';
import { useSignal } from '../components/model';
import { WarningIcon } from '../components/status';
import { escapeControls, Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { RunListModel } from '../runs/model';
import { SearchBox } from '../runs/SearchBox';
import { ConnectionState, IWorkspaceConnection } from '../tokens';
import { IKernelNotice } from '../kernels/model';
import { Dispatcher } from './Dispatcher';
import { Warnings } from './Warnings';

export interface IHeaderProps {
  connection: IWorkspaceConnection;
  runs: RunListModel;
  kernel: IKernelNotice | null;
  switcher: ISwitcher;
}

/** What a person does about workspaces. */
export interface ISwitcher {
  /** Offer other workspaces, below an element. */
  open: (below: HTMLElement) => void;
  /** Ask whether to trust what was refused. */
  trust: () => void;
}

/** From here on a disk is called full. */
const FULL = 80;

/**
 * Name and state of the workspace, and what narrows the list of runs.
 */
export function Header(props: IHeaderProps): JSX.Element {
  return (
    <div className="jp-mlws-header">
      <Facts connection={props.connection} switcher={props.switcher} />
      {props.kernel && <KernelNotice kernel={props.kernel} />}
      <Filter runs={props.runs} />
    </div>
  );
}

function Facts(props: {
  connection: IWorkspaceConnection;
  switcher: ISwitcher;
}): JSX.Element {
  const trans = useTranslation();
  const { connection, switcher } = props;
  useSignal(connection.stateChanged);
  const { info, state, error } = connection;
  return (
    <>
      <div className="jp-mlws-workspace">
        <ConnectionDot state={state} isPolling={connection.isPolling} />
        <button
          type="button"
          className="jp-mlws-switcher"
          aria-haspopup="menu"
          title={
            connection.chosen === null
              ? trans.__('The workspace of the notebook in front; switch')
              : trans.__('Chosen, whatever notebook is in front; switch')
          }
          onClick={event => switcher.open(event.currentTarget)}
        >
          <Text
            className="jp-mlws-workspace-name"
            value={info?.name ?? trans.__('ML workspace')}
          />
          <caretDownEmptyThinIcon.react tag="span" width="12px" />
        </button>
        {info && (
          <span className="jp-mlws-workspace-facts">
            {info.active_count > 0 && (
              <>
                <span className="jp-mlws-active">
                  {trans.__('%1 active', info.active_count)}
                </span>
                {' · '}
              </>
            )}
            <Size info={info} />
          </span>
        )}
      </div>
      {state === 'failed' && error && (
        <Notice kind="error">
          {errorText(error)}
          {error.code === 'not_trusted' && (
            <>
              {' '}
              <Button onClick={switcher.trust}>{trans.__('Look at it')}</Button>
            </>
          )}
        </Notice>
      )}
      {info && <Warnings sentences={info.warnings} />}
      {info && (
        <Dispatcher
          key={info.id}
          info={info}
          onWake={() => connection.wake()}
        />
      )}
    </>
  );
}

/** What the workspace takes, with a sign when its disk fills up. */
function Size(props: { info: WorkspaceInfo }): JSX.Element {
  const trans = useTranslation();
  const { disk_used_percent, location, size_bytes } = props.info;
  const isFull = disk_used_percent >= FULL;
  const disk = trans.__('%1 % of its disk are used.', disk_used_percent);
  const wayOut = trans.__('mlws gc frees what was deleted.');
  return (
    <span
      className="jp-mlws-size"
      data-full={isFull}
      title={escapeControls(
        `${location}\n${disk}${isFull ? ` ${wayOut}` : ''}`
      )}
    >
      {isFull && <WarningIcon />}
      {formatBytes(size_bytes)}
      {isFull && <> · {trans.__('disk %1 %', disk_used_percent)}</>}
    </span>
  );
}

/** The connection as a small dot: amber and hollow while it is lost. */
function ConnectionDot(props: {
  state: ConnectionState;
  isPolling: boolean;
}): JSX.Element {
  const trans = useTranslation();
  const words: Record<ConnectionState, string> = {
    connecting: trans.__('Connecting'),
    connected: props.isPolling
      ? trans.__('Connected; looks for changes once a second')
      : trans.__('Connected'),
    lost: trans.__('Connection lost, trying again'),
    failed: trans.__('The workspace cannot be read')
  };
  return (
    <span
      className="jp-mlws-dot"
      data-state={props.state}
      role="img"
      aria-label={words[props.state]}
      title={words[props.state]}
    />
  );
}

function KernelNotice(props: { kernel: IKernelNotice }): JSX.Element | null {
  const trans = useTranslation();
  const { kernel } = props;
  useSignal(kernel.changed);
  if (!kernel.lacksPackage) {
    return null;
  }
  return (
    <Notice kind="info">
      {trans.__("This notebook's kernel does not have jupyter_mlws.")}{' '}
      <Button minimal onClick={() => kernel.enable()}>
        {trans.__('Enable it here')}
      </Button>
    </Notice>
  );
}

function Filter(props: { runs: RunListModel }): JSX.Element {
  const trans = useTranslation();
  const { runs } = props;
  useSignal(runs.changed);
  return (
    <div className="jp-mlws-filter">
      <SearchBox runs={runs} />
      <HTMLSelect
        className="jp-mlws-scope"
        aria-label={trans.__('Which runs')}
        value={runs.hasDocument ? runs.scope : 'all'}
        disabled={!runs.hasDocument}
        onChange={event => {
          runs.scope = event.target.value === 'all' ? 'all' : 'document';
        }}
      >
        <option value="document">{trans.__('This notebook')}</option>
        <option value="all">{trans.__('All runs')}</option>
      </HTMLSelect>
    </div>
  );
}
