import * as React from 'react';

import { Reproducibility, Run } from '../api';
import { useNow } from '../components/clock';
import { Button } from '../components/empty';
import { formatNumber } from '../components/format';
import { useSignal } from '../components/model';
import { Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { ILocks, LocksModel } from '../environments/model';
import {
  chooseLock,
  differenceOfLocks,
  IDifference
} from '../environments/packages';
import { DifferenceTable } from '../environments/Packages';
import { packagesOf } from '../runs/RunEnvironment';
import { hasEnded } from '../runs/status';
import { IWorkspaceConnection } from '../tokens';
import { changesBetween, useManifest } from './code';
import {
  changeText,
  differenceOfFacts,
  differenceOfInputs,
  differenceOfMetrics,
  differenceOfPairs,
  IMetricDifference
} from './differences';
import { OtherRun } from './other';
import { OtherForm } from './OtherForm';

export interface ICompareTabProps {
  connection: IWorkspaceConnection;
  run: Run;
  /** What is known of the run's environment. */
  record: Reproducibility | null;
  other: OtherRun;
  locks: LocksModel;
  onShowCode: () => void;
}

interface IPairProps extends ICompareTabProps {
  before: Run;
}

/** What is otherwise than in another run. What is the same is left out. */
export function CompareTab(props: ICompareTabProps): JSX.Element {
  const trans = useTranslation();
  const { other, run } = props;
  useSignal(other.changed);
  return (
    <>
      <OtherForm other={other} run={run} />
      {other.run === null ? (
        <p className="jp-mlws-hint">
          {trans.__(
            'Name a run to see how this one differs from it: parameters, metrics, code, packages, data.'
          )}
        </p>
      ) : (
        <Compared key={other.run.id} {...props} before={other.run} />
      )}
    </>
  );
}

function Compared(props: IPairProps): JSX.Element {
  const trans = useTranslation();
  const { before, run } = props;
  const now = useNow(!hasEnded(before) || !hasEnded(run));
  return (
    <div className="jp-mlws-overview">
      <div className="jp-mlws-overview-main">
        <Section
          {...props}
          title={trans.__('Parameters')}
          same={trans.__('The same parameters.')}
          rows={differenceOfPairs(before.params, run.params)}
        />
        <Metrics before={before} run={run} />
        <Code {...props} />
      </div>
      <div className="jp-mlws-overview-side">
        <Section
          {...props}
          title={trans.__('About')}
          same={trans.__('Nothing differs.')}
          rows={differenceOfFacts(trans, before, run, now)}
        />
        <Section
          {...props}
          title={trans.__('Tags')}
          same={trans.__('The same tags.')}
          rows={differenceOfPairs(before.tags, run.tags)}
        />
        <Section
          {...props}
          title={trans.__('Captured and linked')}
          same={trans.__('The same names, types and sizes.')}
          rows={differenceOfInputs(before, run)}
        />
        <Packages {...props} />
      </div>
    </div>
  );
}

function Section(
  props: IPairProps & {
    title: string;
    /** What is said where nothing differs. */
    same: string;
    rows: readonly IDifference[];
  }
): JSX.Element {
  const { before, run, title, same, rows } = props;
  return (
    <section>
      <h3 className="jp-mlws-heading">{title}</h3>
      {rows.length === 0 ? (
        <p className="jp-mlws-hint">{same}</p>
      ) : (
        <DifferenceTable
          label={title}
          before={`#${before.number}`}
          after={`#${run.number}`}
          rows={rows}
        />
      )}
    </section>
  );
}

/** The metrics' last values side by side, and how far they are apart. */
function Metrics(props: { before: Run; run: Run }): JSX.Element {
  const trans = useTranslation();
  const { before, run } = props;
  const rows = differenceOfMetrics(before, run);
  const title = trans.__('Metrics');
  return (
    <section>
      <h3 className="jp-mlws-heading">{title}</h3>
      {rows.length === 0 ? (
        <p className="jp-mlws-hint">{trans.__('The same last values.')}</p>
      ) : (
        <div
          className="jp-mlws-table"
          tabIndex={0}
          role="group"
          aria-label={title}
        >
          <table>
            <thead>
              <tr>
                <th scope="col">{trans.__('Name')}</th>
                {[`#${before.number}`, `#${run.number}`].map(name => (
                  <th key={name} scope="col" className="jp-mod-number">
                    {name}
                  </th>
                ))}
                <th scope="col" className="jp-mod-number">
                  {trans.__('Change')}
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map(row => (
                <MetricRow key={row.name} row={row} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function MetricRow(props: { row: IMetricDifference }): JSX.Element {
  const { row } = props;
  return (
    <tr>
      <th scope="row">
        <Text value={row.name} />
      </th>
      {[row.before, row.after].map((value, i) => (
        <td key={i} className="jp-mod-number">
          {Number.isNaN(value) ? '–' : formatNumber(value)}
        </td>
      ))}
      <td className="jp-mod-number">{changeText(row)}</td>
    </tr>
  );
}

/** Which files differ; the lines are in the tab of the code. */
function Code(props: IPairProps): JSX.Element {
  const trans = useTranslation();
  const { connection, before, run, onShowCode } = props;
  const old = useManifest(connection, before.snapshot_id).files;
  const now = useManifest(connection, run.snapshot_id).files;
  const rows = old && now ? changesBetween(old, now) : null;
  return (
    <section>
      <h3 className="jp-mlws-heading">{trans.__('Code')}</h3>
      {rows === null ? (
        <div aria-busy="true" />
      ) : rows.length === 0 ? (
        <p className="jp-mlws-hint">
          {trans.__('The same files, byte for byte.')}
        </p>
      ) : (
        <>
          <p>
            {trans._n('One file differs.', '%1 files differ.', rows.length)}{' '}
            <Button minimal onClick={onShowCode}>
              {trans.__('Show the lines')}
            </Button>
          </p>
          <ul className="jp-mlws-hint">
            {rows.slice(0, 8).map(it => (
              <li key={it.path}>
                <Text value={it.path} />
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

/** The exact packages that differ, where both are known. */
function Packages(props: IPairProps): JSX.Element {
  const trans = useTranslation();
  const { before, run, locks, other, record } = props;
  useSignal(locks.changed);
  const sides = [
    packagesOf(before, other.record),
    packagesOf(run, record)
  ] as const;
  const ids = sides.map(it => (it.version ? JSON.stringify(it.version) : ''));
  React.useEffect(() => {
    for (const { version } of sides) {
      if (version) {
        void locks.read(version);
      }
    }
  }, ids);
  const [old, now] = sides.map(({ version, digest }) =>
    version ? chooseLock(locks.get(version).locks ?? [], digest) : null
  );
  const isLooking =
    (hasEnded(run) && record === null) ||
    (hasEnded(before) && other.record === null && other.error === null) ||
    sides.some(({ version }) => version && isUnread(locks.get(version)));
  const title = trans.__('Packages');
  if (old && now) {
    return (
      <Section
        {...props}
        title={title}
        same={trans.__('The same packages.')}
        rows={differenceOfLocks(old.text, now.text)}
      />
    );
  }
  return (
    <section>
      <h3 className="jp-mlws-heading">{title}</h3>
      {isLooking ? (
        <div aria-busy="true" />
      ) : (
        <p className="jp-mlws-hint">
          {trans.__('The exact packages of both are not known here.')}
        </p>
      )}
    </section>
  );
}

/** Whether nobody can tell yet what a version is resolved to. */
function isUnread(known: ILocks): boolean {
  return known.locks === null && known.error === null;
}
