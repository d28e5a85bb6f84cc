import * as React from 'react';

import { KERNEL, Reproducibility, Run } from '../api';
import { PairList } from '../components/Pairs';
import { plainText } from '../components/ansi';
import { Failure } from '../components/failure';
import { useSignal } from '../components/model';
import { escapeControls, Text } from '../components/text';
import { useTranslation } from '../components/translation';

import { LocksModel } from '../environments/model';
import { chooseLock, parseId, shortDigest } from '../environments/packages';
import { Digest, OnCopy, Packages } from '../environments/Packages';
import { RunDetailModel } from './detail';
import { buildingWords, buildsEnvironment, hasEnded } from './status';

const LOCK = 'mlws.lock_digest';
const PYTHON = 'mlws.environment_python';
const IMAGE = 'mlws.image';

export interface IRunEnvironmentProps {
  model: RunDetailModel;
  run: Run;
  locks: LocksModel;
  onCopy: OnCopy;
}

/** What is being built for a run that has not started, and the builder's own words. */
export function Building(props: {
  model: RunDetailModel;
  run: Run;
}): JSX.Element | null {
  const trans = useTranslation();
  const { model, run } = props;
  if (!buildsEnvironment(run)) {
    return null;
  }
  return (
    <div className="jp-mlws-building">
      <p role="status">
        {trans.__('Preparing')}{' '}
        <Text className="jp-mlws-building-words" value={buildingWords(run)} />
      </p>
      <div
        className="jp-mlws-progress"
        role="progressbar"
        aria-label={trans.__('Building environment %1', run.environment)}
      />
      <BuildLog model={model} />
    </div>
  );
}

/** The log of the building, read once somebody opens it. */
function BuildLog(props: { model: RunDetailModel }): JSX.Element {
  const trans = useTranslation();
  const { model } = props;
  const box = React.useRef<HTMLPreElement>(null);
  const text = escapeControls(plainText(model.buildLog).trimEnd());
  React.useLayoutEffect(() => {
    if (box.current) {
      box.current.scrollTop = box.current.scrollHeight;
    }
  }, [text]);
  return (
    <details
      className="jp-mlws-more"
      open={model.showsBuildLog}
      onToggle={event => {
        model.showsBuildLog = event.currentTarget.open;
      }}
    >
      <summary>{trans.__('Log of the build')}</summary>
      <pre
        className="jp-mlws-log"
        ref={box}
        tabIndex={0}
        aria-label={trans.__('End of the log of the build')}
      >
        {text || trans.__('Nothing yet.')}
      </pre>
    </details>
  );
}

/**
 * Where the exact packages of a run are kept: the version of an environment, null where none is known, and the digest of
 * its lock, '' for the only one.
 */
export function packagesOf(run: Run, record: Reproducibility | null) {
  return {
    version: parseId(
      run.environment === KERNEL ? (record?.environment ?? '') : run.environment
    ),
    digest: run.properties[LOCK] ?? record?.lock_digest ?? ''
  };
}

/** Where the run found its packages. */
export function RunEnvironment(props: IRunEnvironmentProps): JSX.Element {
  const trans = useTranslation();
  const { model, run } = props;
  const { properties } = run;
  const { version, digest } = packagesOf(run, model.reproducibility);
  const facts: [string, React.ReactNode][] = [
    [trans.__('Name'), run.environment]
  ];
  const add = (name: string, value: string | undefined) => {
    if (value) {
      facts.push([name, value]);
    }
  };
  if (digest !== '') {
    facts.push([
      trans.__('Lock'),
      <Digest key="lock" digest={digest} onCopy={props.onCopy} />
    ]);
  }
  add(trans.__('Python'), properties[PYTHON]);
  add(trans.__('Image'), imageOf(properties[IMAGE]));
  add(trans.__('Interpreter'), interpreterOf(run));
  return (
    <section>
      <h3 className="jp-mlws-heading">{trans.__('Environment')}</h3>
      <PairList pairs={facts} />
      {version && <RunPackages {...props} version={version} digest={digest} />}
      {run.environment !== KERNEL && !buildsEnvironment(run) && (
        <BuildLog model={model} />
      )}
    </section>
  );
}

function imageOf(reference: string | undefined): string | undefined {
  return reference?.startsWith('sha256:') ? shortDigest(reference) : reference;
}

/** The interpreter that was taken as it is. */
function interpreterOf(run: Run): string {
  const [first = ''] = run.command;
  return run.environment === KERNEL && first.startsWith('/') ? first : '';
}

/** The packages that the run had, read once somebody opens them. */
function RunPackages(
  props: IRunEnvironmentProps & {
    version: { name: string; version: number };
    digest: string;
  }
): JSX.Element {
  const trans = useTranslation();
  const { run, locks, version, digest } = props;
  const [open, setOpen] = React.useState(false);
  useSignal(locks.changed);
  const known = locks.get(version);
  const lock = chooseLock(known.locks ?? [], digest);
  const look = open && !known.busy && known.error === null && lock === null;
  React.useEffect(() => {
    if (look) {
      void locks.read(version);
    }
    // A run that ends may have had its environment resolved meanwhile.
  }, [open, digest, run.status]);
  return (
    <details
      className="jp-mlws-more"
      onToggle={event => setOpen(event.currentTarget.open)}
    >
      <summary>{trans.__('Packages')}</summary>
      {known.error && <Failure error={known.error} />}
      {lock ? (
        <Packages lock={lock} onCopy={props.onCopy} />
      ) : known.locks !== null ? (
        <p className="jp-mlws-hint">
          {digest === '' && !hasEnded(run)
            ? trans.__('Its exact packages are not resolved yet.')
            : trans.__('The exact packages are not kept in this workspace.')}
        </p>
      ) : null}
    </details>
  );
}
