import { HTMLSelect } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Environment } from '../api';
import { useSignal } from '../components/model';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';
import { LocksModel } from './model';
import {
  chooseLock,
  differenceOfLocks,
  differenceOfSpecs,
  idOf
} from './packages';
import { DifferenceTable } from './Packages';

/** What tells a version from another one of the same name. */
export function Comparison(props: {
  environment: Environment;
  others: readonly Environment[];
  locks: LocksModel;
}): JSX.Element {
  const trans = useTranslation();
  const { environment, others, locks } = props;
  const [version, setVersion] = React.useState<number | null>(null);
  useSignal(locks.changed);
  const other = others.find(it => it.version === version);
  React.useEffect(() => {
    if (other) {
      void locks.read(other);
    }
  }, [other]);
  return (
    <div className="jp-mlws-comparison">
      <HTMLSelect
        aria-label={trans.__('Compare %1 with', idOf(environment))}
        value={version ?? ''}
        onChange={event => setVersion(Number(event.target.value) || null)}
      >
        <option value="">{trans.__('Compare with…')}</option>
        {others.map(it => (
          <option key={it.version} value={it.version}>
            {escapeControls(idOf(it))}
          </option>
        ))}
      </HTMLSelect>
      {other && (
        <Difference one={other} other={environment} locks={props.locks} />
      )}
    </div>
  );
}

function Difference(props: {
  one: Environment;
  other: Environment;
  locks: LocksModel;
}): JSX.Element {
  const trans = useTranslation();
  const { one, other, locks } = props;
  const words = {
    python: trans.__('Python'),
    image: trans.__('Image'),
    dockerfile: trans.__('Dockerfile')
  };
  const asked = differenceOfSpecs(one.spec, other.spec, words);
  const [before, after] = [one, other].map(it =>
    chooseLock(locks.get(it).locks ?? [], '')
  );
  const exact =
    before && after ? differenceOfLocks(before.text, after.text) : null;
  const sides = { before: idOf(one), after: idOf(other) };
  return (
    <>
      <DifferenceTable
        {...sides}
        label={trans.__('What they ask for differently')}
        rows={asked}
      />
      {exact === null ? (
        <p className="jp-mlws-hint">
          {trans.__(
            'Exact versions are compared once both are resolved; a run in them, or Resolve now, does that.'
          )}
        </p>
      ) : exact.length === 0 ? (
        <p className="jp-mlws-hint">
          {trans.__('They are resolved to the same packages.')}
        </p>
      ) : (
        <>
          <p className="jp-mlws-hint">
            {trans._n(
              'One exact package differs:',
              '%1 exact packages differ:',
              exact.length
            )}
          </p>
          <DifferenceTable
            {...sides}
            label={trans.__('Exact packages that differ')}
            rows={exact}
          />
        </>
      )}
    </>
  );
}
