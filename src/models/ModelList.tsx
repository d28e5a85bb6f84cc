import * as React from 'react';

import { Model } from '../api';
import { Empty } from '../components/empty';
import { formatBytes } from '../components/format';
import { useSignal } from '../components/model';
import { Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { ListModel } from '../model/list';

/** Registered models, newest first. */
export function ModelList(props: { model: ListModel<Model> }): JSX.Element {
  const trans = useTranslation();
  useSignal(props.model.changed);
  const { items, error } = props.model;
  if (items.length === 0) {
    return (
      <Empty>
        <p>
          {error?.message ??
            trans.__(
              'No models yet. Register one with %1.',
              'run.register_model(name, path)'
            )}
        </p>
      </Empty>
    );
  }
  return (
    <ul className="jp-mlws-lines" tabIndex={0} aria-label={trans.__('Models')}>
      {items.map(model => (
        <ModelLine key={`${model.name}:${model.version}`} model={model} />
      ))}
    </ul>
  );
}

function ModelLine(props: { model: Model }): JSX.Element {
  const trans = useTranslation();
  const { model } = props;
  const bytes = model.files.reduce((sum, file) => sum + file.size_bytes, 0);
  return (
    <li>
      <Text className="jp-mlws-line-name" value={model.name} />
      <span className="jp-mlws-line-badge">
        {trans.__('v%1', model.version)}
      </span>
      <span className="jp-mlws-line-fact">
        {model.run_number !== null ? `#${model.run_number}` : ''}
      </span>
      <span className="jp-mlws-line-fact">{formatBytes(bytes)}</span>
    </li>
  );
}
