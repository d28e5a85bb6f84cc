import { HTMLSelect, searchIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Button, Notice } from '../components/empty';
import { formatBytes } from '../components/format';
import { useSignal } from '../components/model';
import { Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { RunListModel } from '../runs/model';
import { ConnectionState, IWorkspaceConnection } from '../tokens';
import { IKernelNotice } from '../kernels/model';
import { Dispatcher } from './Dispatcher';
import { Warnings } from './Warnings';

export interface IHeaderProps {
  connection: IWorkspaceConnection;
  runs: RunListModel;
  kernel: IKernelNotice | null;
}

/**
 * Name and state of the workspace, and what narrows the list of runs.
 */
export function Header(props: IHeaderProps): JSX.Element {
  return (
    <div className="jp-mlws-header">
      <Facts connection={props.connection} />
      {props.kernel && <KernelNotice kernel={props.kernel} />}
      <Filter runs={props.runs} />
    </div>
  );
}

function Facts(props: { connection: IWorkspaceConnection }): JSX.Element {
  const trans = useTranslation();
  const { connection } = props;
  useSignal(connection.stateChanged);
  const { info, state, error } = connection;
  return (
    <>
      <div className="jp-mlws-workspace">
        <ConnectionDot state={state} />
        <Text
          className="jp-mlws-workspace-name"
          value={info?.name ?? trans.__('ML workspace')}
        />
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
            {formatBytes(info.size_bytes)}
          </span>
        )}
      </div>
      {state === 'failed' && error && (
        <Notice kind="error">
          {error.message} {error.hint}
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

/** The connection as a small dot: amber and hollow while it is lost. */
function ConnectionDot(props: { state: ConnectionState }): JSX.Element {
  const trans = useTranslation();
  const words: Record<ConnectionState, string> = {
    connecting: trans.__('Connecting'),
    connected: trans.__('Connected'),
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
      <label className="jp-mlws-search">
        <searchIcon.react tag="span" width="14px" height="14px" />
        <input
          type="search"
          aria-label={trans.__('Search runs')}
          placeholder={trans.__('Search')}
          title={trans.__(
            'Number, experiment, name, tags, parameters or status'
          )}
          value={runs.search}
          spellCheck={false}
          onChange={event => {
            runs.search = event.target.value;
          }}
        />
      </label>
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
