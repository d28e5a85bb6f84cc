import * as React from 'react';

import { Model, ModelFile } from '../api';
import { Empty } from '../components/empty';
import { FileLine } from '../components/FileLine';
import { errorText } from '../components/failure';
import { formatBytes } from '../components/format';
import { useSignal } from '../components/model';
import { escapeControls, Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { ListModel } from '../model/list';
import { MOST_MODELS } from './model';

/** A model of more files is downloaded by a program. */
const MAX_FILES = 50;

/** Told which file of which version is wanted. */
export type OnDownloadModel = (model: Model, file: ModelFile) => void;

/** Registered models, newest first; each opens to what is known of it. */
export function ModelList(props: {
  model: ListModel<Model>;
  onDownload: OnDownloadModel;
}): JSX.Element {
  const trans = useTranslation();
  useSignal(props.model.changed);
  const { items, error, isLoaded } = props.model;
  if (items.length === 0 && !isLoaded && !error) {
    return <div className="jp-mlws-empty" aria-busy="true" />;
  }
  if (items.length === 0) {
    return (
      <Empty>
        <p>
          {error
            ? errorText(error)
            : trans.__(
                'No models yet. Register one with %1.',
                'run.register_model(name, path)'
              )}
        </p>
      </Empty>
    );
  }
  return (
    <ul
      className="jp-mlws-lines jp-mlws-models"
      tabIndex={0}
      aria-label={trans.__('Models')}
    >
      {items.map(model => (
        <ModelLine
          key={`${model.name}:${model.version}`}
          model={model}
          onDownload={props.onDownload}
        />
      ))}
      {items.length >= MOST_MODELS && (
        <li className="jp-mlws-hint">
          {trans.__(
            'These are the newest %1; mlws models list has all.',
            MOST_MODELS
          )}
        </li>
      )}
    </ul>
  );
}

function ModelLine(props: {
  model: Model;
  onDownload: OnDownloadModel;
}): JSX.Element {
  const trans = useTranslation();
  const { model } = props;
  const [open, setOpen] = React.useState(false);
  const bytes = model.files.reduce((sum, file) => sum + file.size_bytes, 0);
  return (
    <li>
      <details
        className="jp-mlws-model"
        onToggle={event => setOpen(event.currentTarget.open)}
      >
        <summary>
          <Text className="jp-mlws-line-name" value={model.name} />
          <span className="jp-mlws-line-badge">
            {trans.__('v%1', model.version)}
          </span>
          {model.aliases.map(alias => (
            <span key={alias} className="jp-mlws-chip jp-mod-alias">
              <Text value={alias} />
            </span>
          ))}
          {model.framework !== '' && (
            <span className="jp-mlws-chip">
              <Text value={frameworkOf(model)} />
            </span>
          )}
          <span className="jp-mlws-line-fact">
            {model.run_number !== null ? `#${model.run_number}` : ''}
          </span>
          <span className="jp-mlws-line-fact">{formatBytes(bytes)}</span>
        </summary>
        {open && <Facts {...props} />}
      </details>
    </li>
  );
}

/** The framework and its version, as people write them. */
export function frameworkOf(model: Model): string {
  return `${model.framework} ${model.framework_version}`.trim();
}

function Facts(props: {
  model: Model;
  onDownload: OnDownloadModel;
}): JSX.Element {
  const trans = useTranslation();
  const { model } = props;
  const facts = [
    ...Object.entries(model.tags),
    ...Object.entries(model.properties)
  ];
  return (
    <div className="jp-mlws-model-facts">
      {model.description !== '' && (
        <p className="jp-mlws-description">
          {escapeControls(model.description)}
        </p>
      )}
      {model.run_deleted && (
        <p className="jp-mlws-hint">
          {trans.__('The run that made it was deleted.')}
        </p>
      )}
      {facts.length > 0 && (
        <ul className="jp-mlws-tags">
          {facts.map(([name, value], i) => (
            <li key={i}>
              <Text value={value === '' ? name : `${name}: ${value}`} />
            </li>
          ))}
        </ul>
      )}
      <ul className="jp-mlws-files">
        {model.files.slice(0, MAX_FILES).map(file => (
          <FileLine
            key={file.path}
            name={file.path}
            size={file.size_bytes}
            onDownload={() => props.onDownload(model, file)}
          />
        ))}
      </ul>
      {model.files.length > MAX_FILES && (
        <p className="jp-mlws-hint">
          {trans.__(
            '%1 more files: %2 fetches all.',
            model.files.length - MAX_FILES,
            `mlws models download ${model.name}:${model.version}`
          )}
        </p>
      )}
    </div>
  );
}
