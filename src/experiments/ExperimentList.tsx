import { searchIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Experiment } from '../api';
import { Button } from '../components/empty';
import { Failure } from '../components/failure';
import { Lesson } from '../components/Lesson';
import { useSignal } from '../components/model';
import { useTranslation } from '../components/translation';
import { ExperimentLine, IExperimentListProps } from './ExperimentLine';
import { ExperimentsModel } from './model';

/** Fewer are found at a glance. */
const MOST_WITHOUT_SEARCH = 7;
/** So many are drawn before one asks for more. */
const AT_ONCE = 100;

const RECIPE = `%%submit digits
mlws.log(accuracy=…)`;

/** The groups that runs are in: each with how many it has, and the way to them. */
export function ExperimentList(props: IExperimentListProps): JSX.Element {
  const { model } = props;
  const trans = useTranslation();
  useSignal(model.changed);
  return (
    <div
      className="jp-mlws-lines jp-mlws-experiments"
      tabIndex={0}
      role="group"
      aria-label={trans.__('Experiments')}
      aria-busy={!model.isLoaded && model.error === null}
    >
      {model.error && <Failure error={model.error} />}
      {model.isLoaded && <Loaded {...props} />}
    </div>
  );
}

function Loaded(props: IExperimentListProps): JSX.Element {
  const trans = useTranslation();
  const { model } = props;
  const { count, archivedCount, items, typed } = model;
  const listable = count + (model.withArchived ? archivedCount : 0);
  return (
    <>
      {count === 0 && (
        <Lesson
          about={trans.__(
            'An experiment is a group of runs with one aim. The first run that names one makes it; runs that name none are in that of their notebook.'
          )}
          recipe={RECIPE}
        />
      )}
      {(listable > MOST_WITHOUT_SEARCH || typed !== '') && (
        <Search model={model} found={items.length} />
      )}
      <Lines {...props} items={items} />
      <Rest model={model} />
    </>
  );
}

function Search(props: {
  model: ExperimentsModel;
  found: number;
}): JSX.Element {
  const trans = useTranslation();
  const { model, found } = props;
  return (
    <>
      <label className="jp-mlws-search">
        <searchIcon.react tag="span" width="14px" height="14px" />
        <input
          type="search"
          aria-label={trans.__('Search experiments')}
          placeholder={trans.__('Search by name, description or tag')}
          value={model.typed}
          spellCheck={false}
          autoComplete="off"
          onChange={event => {
            model.typed = event.target.value;
          }}
        />
      </label>
      <p className="jp-mlws-hint" role="status">
        {found === 0 && trans.__('No experiment is like that.')}
      </p>
    </>
  );
}

function Lines(
  props: IExperimentListProps & { items: readonly Experiment[] }
): JSX.Element {
  const trans = useTranslation();
  const { items } = props;
  const [most, setMost] = React.useState(AT_ONCE);
  const [current, setCurrent] = React.useState('');
  const shown = items.slice(0, most);
  const reachable = shown.some(it => it.name === current)
    ? current
    : shown[0]?.name;
  return (
    <>
      <ul className="jp-mlws-entries" onKeyDown={goByKey}>
        {shown.map(experiment => (
          <ExperimentLine
            key={experiment.name}
            {...props}
            experiment={experiment}
            isReachable={experiment.name === reachable}
            onFocus={() => setCurrent(experiment.name)}
          />
        ))}
      </ul>
      {items.length > shown.length && (
        <Button minimal onClick={() => setMost(most + AT_ONCE)}>
          {trans.__('Show more of %1', items.length)}
        </Button>
      )}
    </>
  );
}

/** What is not listed, and how to see it. */
function Rest(props: { model: ExperimentsModel }): JSX.Element | null {
  const trans = useTranslation();
  const { model } = props;
  const { archivedCount, withArchived } = model;
  return (
    <>
      {archivedCount > 0 && (
        <Button
          minimal
          onClick={() => {
            model.withArchived = !withArchived;
          }}
        >
          {withArchived
            ? trans.__('Hide what is archived')
            : trans.__('Show archived (%1)', archivedCount)}
        </Button>
      )}
      {model.isCut && (
        <p className="jp-mlws-hint">
          {trans.__('Older ones: %1', 'mlws experiments')}
        </p>
      )}
    </>
  );
}

/** Up and down go from name to name, so that one press of Tab is enough for the whole list. */
function goByKey(event: React.KeyboardEvent<HTMLElement>): void {
  const names = [
    ...event.currentTarget.querySelectorAll<HTMLElement>(
      '.jp-mlws-experiment-name'
    )
  ];
  const line = (event.target as Element).closest('li');
  const at = names.findIndex(name => line?.contains(name));
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: names.length }[
    event.key
  ];
  if (to === undefined || event.ctrlKey || event.altKey || event.metaKey) {
    return;
  }
  event.preventDefault();
  event.stopPropagation();
  names[Math.max(0, Math.min(names.length - 1, to))]?.focus();
}
