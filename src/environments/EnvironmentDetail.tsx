import { HTMLSelect } from '@jupyterlab/ui-components';
import * as React from 'react';

import { BuiltEnvironment, Environment } from '../api';
import { PairList } from '../components/Pairs';
import { Button } from '../components/empty';
import { Failure } from '../components/failure';
import { formatBytes } from '../components/format';
import { useSignal } from '../components/model';
import { escapeControls, Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { Comparison } from './Comparison';
import { IEnvironmentEntry, LocksModel } from './model';
import { chooseLock, idOf, isManaged, kindOf, packagesOf } from './packages';
import { Digest, OnCopy, Packages } from './Packages';

/** So many requirements are shown; the exact packages are all there. */
const MAX_LINES = 12;

/** What can be done about an environment. */
export interface IEnvironmentActions {
  /** Use a shipped environment for the first time, so that it has a version. */
  onFirstLook: (name: string) => Promise<void>;
  /** Start a run that does nothing but have it built. */
  onBuild: (environment: Environment) => Promise<void>;
  onCopy: OnCopy;
}

export interface IEnvironmentDetailProps {
  entry: IEnvironmentEntry;
  locks: LocksModel;
  actions: IEnvironmentActions;
}

/** An environment in one of its versions. */
export function EnvironmentDetail(props: IEnvironmentDetailProps): JSX.Element {
  const trans = useTranslation();
  const { entry, actions } = props;
  const [chosen, setChosen] = React.useState<number | null>(null);
  const isUnknown = entry.versions.length === 0;
  React.useEffect(() => {
    if (isUnknown) {
      void actions.onFirstLook(entry.name);
    }
  }, [isUnknown, entry.name]);
  const shown =
    entry.versions.find(it => it.version === chosen) ?? entry.versions[0];
  if (!shown) {
    return <div className="jp-mlws-model-facts" aria-busy="true" />;
  }
  return (
    <div className="jp-mlws-model-facts jp-mlws-environment">
      <div className="jp-mlws-environment-head">
        {entry.versions.length > 1 && (
          <HTMLSelect
            aria-label={trans.__('Version of %1', entry.name)}
            value={shown.version}
            onChange={event => setChosen(Number(event.target.value))}
          >
            {entry.versions.map(it => (
              <option key={it.version} value={it.version}>
                {escapeControls([idOf(it), ...it.labels].join(' '))}
              </option>
            ))}
          </HTMLSelect>
        )}
        <Use environment={shown} onCopy={actions.onCopy} />
      </div>
      <Facts environment={shown} />
      {isManaged(shown) && (
        <>
          <State
            key={`state ${idOf(shown)}`}
            environment={shown}
            built={entry.built.get(idOf(shown)) ?? null}
            onBuild={actions.onBuild}
          />
          <Lock key={`lock ${idOf(shown)}`} {...props} environment={shown} />
        </>
      )}
      {entry.versions.length > 1 && (
        <Comparison
          key={`comparison ${idOf(shown)}`}
          environment={shown}
          others={entry.versions.filter(it => it !== shown)}
          locks={props.locks}
        />
      )}
    </div>
  );
}

/** How a cell is submitted to it. */
function Use(props: { environment: Environment; onCopy: OnCopy }): JSX.Element {
  const trans = useTranslation();
  const line = `%%submit -E ${idOf(props.environment)}`;
  return (
    <span className="jp-mlws-use">
      <code>{escapeControls(line)}</code>{' '}
      <Button minimal onClick={() => props.onCopy(line)}>
        {trans.__('Copy')}
      </Button>
    </span>
  );
}

function Facts(props: { environment: Environment }): JSX.Element {
  const trans = useTranslation();
  const { description, spec, user, created_at } = props.environment;
  const lines = [...spec.conda, ...spec.packages];
  const variables = Object.entries(spec.environment_variables);
  const facts: [string, string][] = [
    [trans.__('Python'), spec.python],
    [trans.__('Image'), spec.base_image],
    [
      trans.__('Made'),
      [new Date(created_at).toLocaleDateString(), user]
        .filter(Boolean)
        .join(' · ')
    ]
  ];
  return (
    <>
      {description !== '' && (
        <p className="jp-mlws-description">{escapeControls(description)}</p>
      )}
      <PairList
        pairs={[...facts, ...variables].filter(([, value]) => value !== '')}
      />
      {lines.length > 0 && (
        <ul className="jp-mlws-tags" aria-label={trans.__('Asks for')}>
          {lines.slice(0, MAX_LINES).map((line, i) => (
            <li key={i}>
              <Text value={line} />
            </li>
          ))}
          {lines.length > MAX_LINES && (
            <li>{trans.__('and %1 more', lines.length - MAX_LINES)}</li>
          )}
        </ul>
      )}
      {spec.dockerfile !== '' && (
        <pre
          className="jp-mlws-recipe"
          tabIndex={0}
          aria-label={trans.__('Dockerfile')}
        >
          {escapeControls(spec.dockerfile)}
        </pre>
      )}
      <Nature environment={props.environment} />
    </>
  );
}

function Nature(props: { environment: Environment }): JSX.Element | null {
  const trans = useTranslation();
  switch (kindOf(props.environment)) {
    case 'interpreter':
      return (
        <p className="jp-mlws-hint">
          {trans.__(
            'An interpreter that is taken as it is: nothing is resolved or built.'
          )}
        </p>
      );
    case 'image':
    case 'dockerfile':
      return (
        <p className="jp-mlws-hint">
          {trans.__(
            'An image that is taken as it is. Runs in it go to the compute target docker.'
          )}
        </p>
      );
    case 'conda':
      return (
        <p className="jp-mlws-hint">
          {trans.__('It names packages of conda, which need a tool of conda.')}
        </p>
      );
    case 'packages':
      return null;
  }
}

/** Whether it is built, and the way to have it built before a run wants it. */
function State(props: {
  environment: Environment;
  built: BuiltEnvironment | null;
  onBuild: IEnvironmentActions['onBuild'];
}): JSX.Element {
  const trans = useTranslation();
  const [busy, setBusy] = React.useState(false);
  const { built, environment } = props;
  if (built) {
    return (
      <p className="jp-mlws-environment-state" data-built="true">
        {trans.__(
          'Built on the server’s machine: %1, last used %2. The next run in it starts at once.',
          formatBytes(built.size_bytes),
          new Date(built.used_at).toLocaleDateString()
        )}
      </p>
    );
  }
  const build = async () => {
    setBusy(true);
    try {
      await props.onBuild(environment);
    } finally {
      setBusy(false);
    }
  };
  return (
    <p className="jp-mlws-environment-state" data-built="false">
      {trans.__('Not built here yet; the first run in it does that.')}{' '}
      <Button minimal busy={busy} onClick={() => void build()}>
        {trans.__('Build now')}
      </Button>
    </p>
  );
}

/** The exact packages, once somebody asks. */
function Lock(
  props: IEnvironmentDetailProps & { environment: Environment }
): JSX.Element {
  const trans = useTranslation();
  const { environment, locks, actions } = props;
  useSignal(locks.changed);
  React.useEffect(() => {
    void locks.read(environment);
  }, [locks, idOf(environment)]);
  const known = locks.get(environment);
  const lock = chooseLock(known.locks ?? [], '');
  if (lock === null) {
    return (
      <>
        {known.error && <Failure error={known.error} />}
        <p className="jp-mlws-hint" aria-busy={known.busy}>
          {trans.__('Its exact packages are not resolved yet.')}{' '}
          <Button
            minimal
            busy={known.busy}
            onClick={() => void locks.resolve(environment)}
          >
            {known.busy ? trans.__('Resolving…') : trans.__('Resolve now')}
          </Button>
        </p>
      </>
    );
  }
  return (
    <details className="jp-mlws-more">
      <summary>
        {trans.__('Exact packages (%1)', packagesOf(lock.text).length)}
      </summary>
      {lock.digest !== '' && (
        <p className="jp-mlws-hint">
          {trans.__('Lock')}{' '}
          <Digest digest={lock.digest} onCopy={actions.onCopy} />
        </p>
      )}
      <Packages lock={lock} onCopy={actions.onCopy} />
    </details>
  );
}
