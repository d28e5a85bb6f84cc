import * as React from 'react';

import { EnvironmentLock } from '../api';
import { Button } from '../components/empty';
import { escapeControls, Text } from '../components/text';
import { useTranslation } from '../components/translation';
import {
  IDifference,
  packagesOf,
  requirementsOf,
  shortDigest
} from './packages';

/** Told what text goes to the clipboard. */
export type OnCopy = (text: string) => void;

/** The exact packages of a lock. */
export function Packages(props: {
  lock: EnvironmentLock;
  onCopy: OnCopy;
}): JSX.Element {
  const trans = useTranslation();
  const { lock } = props;
  const packages = React.useMemo(() => packagesOf(lock.text), [lock.text]);
  return (
    <>
      <p className="jp-mlws-hint">
        {lock.system === ''
          ? trans.__('Python %1', lock.python)
          : trans.__('Python %1 on %2', lock.python, lock.system)}
        {' · '}
        <Button
          minimal
          onClick={() => props.onCopy(requirementsOf(lock.text))}
          title={trans.__('Copy as the lines of a requirements file')}
        >
          {trans.__('Copy list')}
        </Button>
      </p>
      {packages.length === 0 ? (
        <p className="jp-mlws-hint">{trans.__('Nothing but Python.')}</p>
      ) : (
        <div
          className="jp-mlws-packages"
          tabIndex={0}
          role="group"
          aria-label={trans.__('Packages')}
        >
          <table>
            <thead>
              <tr>
                <th scope="col">{trans.__('Package')}</th>
                <th scope="col">{trans.__('Version')}</th>
              </tr>
            </thead>
            <tbody>
              {packages.map(({ name, version }) => (
                <tr key={name}>
                  <td>
                    <Text value={name} />
                  </td>
                  <td>
                    <Text value={version} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

/** A digest in short, and the way to have it whole. */
export function Digest(props: { digest: string; onCopy: OnCopy }): JSX.Element {
  const trans = useTranslation();
  return (
    <button
      type="button"
      className="jp-mlws-button jp-mod-minimal jp-mlws-digest"
      title={trans.__('Copy the lock’s digest %1', props.digest)}
      aria-label={trans.__(
        'Copy the lock’s digest, which begins with %1',
        shortDigest(props.digest)
      )}
      onClick={() => props.onCopy(props.digest)}
    >
      {shortDigest(props.digest)}
    </button>
  );
}

/** What differs between two things, side by side. */
export function DifferenceTable(props: {
  label: string;
  before: string;
  after: string;
  rows: readonly IDifference[];
}): JSX.Element {
  const trans = useTranslation();
  const { rows } = props;
  return (
    <div
      className="jp-mlws-packages jp-mlws-difference"
      tabIndex={0}
      role="group"
      aria-label={props.label}
    >
      <table>
        <thead>
          <tr>
            <th scope="col">{trans.__('What')}</th>
            <th scope="col">{escapeControls(props.before)}</th>
            <th scope="col">{escapeControls(props.after)}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr key={row.what}>
              <th scope="row">
                <Text value={row.what} />
              </th>
              <Side value={row.before} />
              <Side value={row.after} />
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Side(props: { value: string }): JSX.Element {
  const trans = useTranslation();
  return (
    <td>
      {props.value === '' ? (
        <span className="jp-mlws-hint" aria-label={trans.__('not there')}>
          –
        </span>
      ) : (
        <Text value={props.value} />
      )}
    </td>
  );
}
