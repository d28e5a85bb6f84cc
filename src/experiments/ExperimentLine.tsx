import * as React from 'react';

import { Experiment } from '../api';
import { Button } from '../components/empty';
import { escapeControls, Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { ExperimentsModel } from './model';

/** What a person does about experiments. */
export interface IExperimentActions {
  /** List the runs of one. */
  onShow: (experiment: string) => void;
  onDescribe: (experiment: Experiment) => void;
  /** Put one into the archive, or take it out. */
  onArchive: (experiment: Experiment, archived: boolean) => void;
  onDelete: (experiment: Experiment) => void;
}

export interface IExperimentListProps {
  model: ExperimentsModel;
  actions: IExperimentActions;
}

interface ILineProps extends IExperimentListProps {
  experiment: Experiment;
  /** Whether Tab leads to it. */
  isReachable: boolean;
  onFocus: () => void;
}

/** One experiment: a press on its name lists its runs, one on the sign before it opens what is known of it. */
export function ExperimentLine(props: ILineProps): JSX.Element {
  const trans = useTranslation();
  const { experiment, isReachable, model, actions } = props;
  const { name, run_count, description } = experiment;
  const [open, setOpen] = React.useState(false);
  const facts = React.useId();
  const isShown = model.isShown(name);
  const tabIndex = isReachable ? 0 : -1;
  const isArchived = experiment.archived_at !== null;
  return (
    <li
      className="jp-mlws-experiment"
      data-experiment={name}
      data-shown={isShown}
      onFocus={props.onFocus}
    >
      <div className="jp-mlws-experiment-head">
        <button
          type="button"
          className="jp-mlws-experiment-twisty"
          tabIndex={tabIndex}
          aria-label={trans.__('About %1', name)}
          aria-expanded={open}
          aria-controls={open ? facts : undefined}
          onClick={() => setOpen(!open)}
        >
          {open ? '▾' : '▸'}
        </button>
        <button
          type="button"
          className="jp-mlws-experiment-name"
          tabIndex={tabIndex}
          aria-pressed={isShown}
          title={
            isShown
              ? trans.__('List what was listed before')
              : trans.__('List the runs of %1', name)
          }
          onClick={() => (isShown ? model.leave(name) : actions.onShow(name))}
        >
          <Text className="jp-mlws-line-name" value={name} />
          {isArchived && (
            <span className="jp-mlws-chip">{trans.__('archived')}</span>
          )}{' '}
          <span className="jp-mlws-line-fact">
            {trans._n('%1 run', '%1 runs', run_count)}
          </span>
        </button>
      </div>
      {description !== '' && !open && (
        <Text
          className="jp-mlws-experiment-about"
          value={description.split('\n')[0]}
        />
      )}
      {open && <Facts {...props} id={facts} />}
    </li>
  );
}

function Facts(props: ILineProps & { id: string }): JSX.Element {
  const trans = useTranslation();
  const { experiment, actions } = props;
  const { description, archived_at, created_at } = experiment;
  const isArchived = archived_at !== null;
  const tags = Object.entries(experiment.tags);
  return (
    <div id={props.id} className="jp-mlws-model-facts">
      {description !== '' && (
        <p className="jp-mlws-description">{escapeControls(description)}</p>
      )}
      {tags.length > 0 && (
        <ul className="jp-mlws-tags">
          {tags.map(([tag, value]) => (
            <li key={tag}>
              <Text value={value === '' ? tag : `${tag}: ${value}`} />
            </li>
          ))}
        </ul>
      )}
      <p className="jp-mlws-hint">
        {isArchived
          ? trans.__(
              'Archived %1: it takes no new runs.',
              new Date(archived_at).toLocaleDateString()
            )
          : trans.__('Since %1', new Date(created_at).toLocaleDateString())}
      </p>
      <div className="jp-mlws-experiment-actions">
        <Button minimal onClick={() => actions.onDescribe(experiment)}>
          {description === ''
            ? trans.__('Add a description…')
            : trans.__('Describe…')}
        </Button>
        <Button
          minimal
          onClick={() => actions.onArchive(experiment, !isArchived)}
        >
          {isArchived ? trans.__('Reactivate') : trans.__('Archive')}
        </Button>
        <Button minimal onClick={() => actions.onDelete(experiment)}>
          {trans.__('Delete…')}
        </Button>
      </div>
    </div>
  );
}
