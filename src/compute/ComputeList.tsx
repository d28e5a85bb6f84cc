import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Compute } from '../api';
import { Button, Empty, Notice } from '../components/empty';
import { Failure, errorText } from '../components/failure';
import { useSignal } from '../components/model';
import { WarningIcon } from '../components/status';
import { escapeControls, Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { Meters } from './Meters';
import { ComputeModel } from './model';
import { Queue } from './Queue';

export interface IComputeListProps {
  model: ComputeModel;
  onOpenRun: (run: string) => void;
}

/** Where runs can go, how busy it is there, who waits behind whom, and why one cannot be used. */
export function ComputeList(props: IComputeListProps): JSX.Element {
  const trans = useTranslation();
  const { model } = props;
  useSignal(model.changed);
  const { targets, error, isLoaded } = model;
  return (
    <div
      className="jp-mlws-lines"
      tabIndex={0}
      role="group"
      aria-label={trans.__('Compute')}
      aria-busy={!isLoaded && error === null}
    >
      {targets.length === 0 && (isLoaded || error) && (
        <Empty>
          <p>{error ? errorText(error) : trans.__('No compute targets.')}</p>
        </Empty>
      )}
      {targets.length > 0 && error && <Failure error={error} />}
      <ul className="jp-mlws-entries">
        {targets.map(compute => (
          <Target key={compute.name} {...props} compute={compute} />
        ))}
      </ul>
    </div>
  );
}

function stateOf(compute: Compute, trans: TranslationBundle): string {
  if (!compute.ready) {
    return trans.__('not ready');
  }
  return compute.paused
    ? trans.__('paused')
    : trans.__('%1 of %2 in use', compute.running, compute.slots);
}

function Target(props: IComputeListProps & { compute: Compute }): JSX.Element {
  const trans = useTranslation();
  const { compute, model } = props;
  const load = model.loadOf(compute.name);
  const queue = model.queueOf(compute.name);
  return (
    <li
      className="jp-mlws-target"
      data-compute={compute.name}
      data-ready={compute.ready}
    >
      <div className="jp-mlws-target-head">
        <Text className="jp-mlws-line-name" value={compute.name} />
        {compute.queued > 0 && (
          <span className="jp-mlws-line-fact">
            {trans.__('%1 queued', compute.queued)}
          </span>
        )}
        <span className="jp-mlws-line-badge">{stateOf(compute, trans)}</span>
        {(compute.ready || compute.paused) && <Switch {...props} />}
      </div>
      {compute.note !== '' && (
        <span className="jp-mlws-line-note">
          {!compute.ready && <WarningIcon />}
          <span>{escapeControls(compute.note)}</span>
        </span>
      )}
      {load && <Meters load={load} />}
      {queue && (
        <Queue
          queue={queue}
          isPaused={compute.paused}
          onOpenRun={props.onOpenRun}
        />
      )}
      {compute.ready && compute.takes === 'image' && !queue && (
        <span className="jp-mlws-line-note">
          <span>
            {trans.__(
              'Runs in containers: %1',
              `%%submit -c ${compute.name} -E sklearn`
            )}
          </span>
        </span>
      )}
      {/* At the end, where it moves nothing of what is looked at. */}
      <Switched {...props} />
    </li>
  );
}

function Switch(props: { compute: Compute; model: ComputeModel }): JSX.Element {
  const trans = useTranslation();
  const { compute, model } = props;
  const { name, paused } = compute;
  const label = paused ? trans.__('Resume') : trans.__('Pause');
  return (
    <Button
      minimal
      title={
        paused
          ? trans.__('Let %1 take up what is queued', escapeControls(name))
          : trans.__('Begin nothing more on %1', escapeControls(name))
      }
      onClick={() => void model.setPaused(name, !paused)}
    >
      {label}
    </Button>
  );
}

/** Says what a switch did, and takes it back. */
function Switched(props: {
  compute: Compute;
  model: ComputeModel;
}): JSX.Element | null {
  const trans = useTranslation();
  const { compute, model } = props;
  const { switched } = model;
  if (switched?.name !== compute.name) {
    return null;
  }
  return (
    <Notice kind="info">
      {switched.paused
        ? trans.__('Paused: what is queued waits, what runs goes on.')
        : trans.__('Resumed: what is queued begins.')}{' '}
      <Button minimal onClick={() => void model.undo()}>
        {trans.__('Undo')}
      </Button>
    </Notice>
  );
}
