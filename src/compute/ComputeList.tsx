import * as React from 'react';

import { Compute } from '../api';
import { Empty } from '../components/empty';
import { useSignal } from '../components/model';
import { Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { ListModel } from '../model/list';

/** Where runs can go, and how busy it is there. */
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

function ComputeLine(props: { compute: Compute }): JSX.Element {
  const trans = useTranslation();
  const { compute } = props;
  return (
    <li>
      <Text className="jp-mlws-line-name" value={compute.name} />
      <span className="jp-mlws-line-fact">
        {compute.queued > 0 ? trans.__('%1 queued', compute.queued) : ''}
      </span>
      <span className="jp-mlws-line-badge">
        {trans.__('%1 of %2 in use', compute.running, compute.slots)}
      </span>
      {compute.note !== '' && (
        <span className="jp-mlws-line-note">
          <Text value={compute.note} />
        </span>
      )}
    </li>
  );
}
