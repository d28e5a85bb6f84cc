import * as React from 'react';

import { Empty } from '../components/empty';
import { errorText } from '../components/failure';
import { Lesson } from '../components/Lesson';
import { useSignal } from '../components/model';
import { Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { ListModel } from '../model/list';
import { EnvironmentDetail, IEnvironmentActions } from './EnvironmentDetail';
import { IEnvironmentEntry, LocksModel } from './model';
import { idOf, kindOf } from './packages';

export interface IEnvironmentListProps {
  model: ListModel<IEnvironmentEntry>;
  locks: LocksModel;
  actions: IEnvironmentActions;
}

const RECIPE = `%mlws env register small \\
    --package scikit-learn

%%submit -E small`;

/** What runs can be started in: each name opens to its versions. */
export function EnvironmentList(props: IEnvironmentListProps): JSX.Element {
  const trans = useTranslation();
  useSignal(props.model.changed);
  const { items, error } = props.model;
  if (error) {
    return (
      <Empty>
        <p>{errorText(error)}</p>
      </Empty>
    );
  }
  if (items.length === 0) {
    return <div className="jp-mlws-empty" aria-busy="true" />;
  }
  return (
    <div
      className="jp-mlws-lines"
      tabIndex={0}
      role="group"
      aria-label={trans.__('Environments')}
    >
      {items.every(entry => entry.shipped || entry.recorded) && (
        <Lesson
          about={trans.__(
            'An environment is the packages around a script: resolved once, built once, then every run in it starts at once. None of your own yet.'
          )}
          recipe={RECIPE}
        >
          <p>{trans.__('These come with the workspace:')}</p>
        </Lesson>
      )}
      <ul className="jp-mlws-entries">
        {items.map(entry => (
          <EnvironmentLine key={entry.name} {...props} entry={entry} />
        ))}
      </ul>
    </div>
  );
}

function EnvironmentLine(
  props: IEnvironmentListProps & { entry: IEnvironmentEntry }
): JSX.Element {
  const trans = useTranslation();
  const { entry } = props;
  const [open, setOpen] = React.useState(false);
  const newest = entry.versions[0];
  const labels = new Set(entry.versions.flatMap(version => version.labels));
  return (
    <li>
      <details
        className="jp-mlws-model"
        data-environment={entry.name}
        onToggle={event => setOpen(event.currentTarget.open)}
      >
        <summary>
          <Text className="jp-mlws-line-name" value={entry.name} />
          {newest && (
            <span className="jp-mlws-line-badge">
              {trans.__('v%1', newest.version)}
            </span>
          )}
          {[...labels].map(label => (
            <span key={label} className="jp-mlws-chip jp-mod-alias">
              <Text value={label} />
            </span>
          ))}
          {entry.shipped && (
            <span className="jp-mlws-chip">{trans.__('shipped')}</span>
          )}
          {entry.recorded && (
            <span className="jp-mlws-chip">{trans.__('recorded')}</span>
          )}
          {newest && kindOf(newest) !== 'packages' && (
            <span className="jp-mlws-chip">{kindOf(newest)}</span>
          )}
          {newest && entry.built.has(idOf(newest)) && (
            <span className="jp-mlws-line-fact">{trans.__('built')}</span>
          )}
        </summary>
        {open && <EnvironmentDetail {...props} />}
      </details>
    </li>
  );
}
