import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Compute } from '../api';
import { Empty } from '../components/empty';
import { useSignal } from '../components/model';
import { WarningIcon } from '../components/status';
import { escapeControls, Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { ListModel } from '../model/list';

/** Where runs can go, how busy it is there, and why one cannot be used. */
export function ComputeList(props: { model: ListModel<Compute> }): JSX.Element {
  const trans = useTranslation();
  useSignal(props.model.changed);
  const { items, error } = props.model;
  if (items.length === 0) {
    return (
      <Empty>
        <p>{error?.message ?? trans.__('No compute targets.')}</p>
      </Empty>
    );
  }
  return (
    <ul className="jp-mlws-lines" tabIndex={0} aria-label={trans.__('Compute')}>
      {items.map(compute => (
        <ComputeLine key={compute.name} compute={compute} />
      ))}
    </ul>
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

function ComputeLine(props: { compute: Compute }): JSX.Element {
  const trans = useTranslation();
  const { compute } = props;
  return (
    <li data-compute={compute.name} data-ready={compute.ready}>
      <Text className="jp-mlws-line-name" value={compute.name} />
      <span className="jp-mlws-line-fact">
        {compute.queued > 0 ? trans.__('%1 queued', compute.queued) : ''}
      </span>
      <span className="jp-mlws-line-badge">{stateOf(compute, trans)}</span>
      {compute.note !== '' && (
        <span className="jp-mlws-line-note">
          {!compute.ready && <WarningIcon />}
          <span>{escapeControls(compute.note)}</span>
        </span>
      )}
      {compute.ready && compute.takes === 'image' && (
        <span className="jp-mlws-line-note">
          <span>
            {trans.__(
              'Runs in containers: %1',
              `%%submit -c ${compute.name} -E sklearn`
            )}
          </span>
        </span>
      )}
    </li>
  );
}
