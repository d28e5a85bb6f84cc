import * as React from 'react';

import { Run, toNumber } from '../api';
import { PairList } from '../components/Pairs';
import { Button } from '../components/empty';
import { formatNumber } from '../components/format';
import { escapeControls, Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { Results } from '../runs/Results';
import { Building } from '../runs/RunEnvironment';
import { ChildrenPart } from '../run/Below';
import { CellLink } from '../run/CellLink';
import { IN_RECORD } from '../run/metricNames';
import { Note } from '../run/Note';
import { Pairs, SubmissionNotes, Troubles } from '../run/parts';
import { TagEditor } from '../run/TagEditor';
import type { IRunPageProps } from './RunPage';

/** What a run is and how it came out, at a glance. */
export function Overview(props: IRunPageProps & { run: Run }): JSX.Element {
  const trans = useTranslation();
  const { model, run } = props;
  return (
    <div className="jp-mlws-overview">
      <div className="jp-mlws-overview-main">
        <Building model={model.detail} run={run} />
        <Troubles run={run} />
        <SubmissionNotes run={run} />
        <Summary run={run} />
        <ChildrenPart
          connection={model.connection}
          run={run}
          level={3}
          onOpen={props.onOpenRun}
        />
        <Results outputs={model.detail.outputs} />
      </div>
      <div className="jp-mlws-overview-side">
        <Pairs title={trans.__('Parameters')} pairs={run.params} />
        <TagEditor edits={model.edits} />
        <Note edits={model.edits} />
        <Origin {...props} />
        <Cell run={run} />
      </div>
    </div>
  );
}

/** The newest value of each metric, and how far it went. */
function Summary(props: { run: Run }): JSX.Element | null {
  const trans = useTranslation();
  const { metrics } = props.run;
  if (metrics.length === 0) {
    return null;
  }
  return (
    <section>
      <h3 className="jp-mlws-heading">{trans.__('Metrics')}</h3>
      <div
        className="jp-mlws-table"
        tabIndex={0}
        role="group"
        aria-label={trans.__('Metrics')}
      >
        <table>
          <thead>
            <tr>
              <th scope="col">{trans.__('Name')}</th>
              <th scope="col" className="jp-mod-number">
                {trans.__('Last')}
              </th>
              <th scope="col" className="jp-mod-number">
                {trans.__('Minimum')}
              </th>
              <th scope="col" className="jp-mod-number">
                {trans.__('Maximum')}
              </th>
              <th scope="col" className="jp-mod-number">
                {trans.__('Points')}
              </th>
            </tr>
          </thead>
          <tbody>
            {metrics.map(it => (
              <tr key={it.name}>
                <th scope="row">
                  <Text value={it.name} />
                </th>
                <td className="jp-mod-number">
                  {formatNumber(toNumber(it.last))}
                </td>
                <td className="jp-mod-number">
                  {formatNumber(toNumber(it.minimum))}
                </td>
                <td className="jp-mod-number">
                  {formatNumber(toNumber(it.maximum))}
                </td>
                <td className="jp-mod-number">{it.count}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {metrics.length >= IN_RECORD && (
        <p className="jp-mlws-hint">
          {trans.__(
            'The first %1. The tab Metrics has all of them.',
            metrics.length
          )}
        </p>
      )}
    </section>
  );
}

/** Who started the run, from where, when, and with what. */
function Origin(props: IRunPageProps & { run: Run }): JSX.Element {
  const trans = useTranslation();
  const { run, onOpenCell, onOpenRun } = props;
  const { document } = run.source;
  const facts: [string, React.ReactNode][] = [];
  const add = (name: string, value: string | null | undefined) => {
    if (value) {
      facts.push([name, <Text key={name} value={value} />]);
    }
  };
  if (document !== '') {
    facts.push([
      trans.__('Notebook'),
      <CellLink key="notebook" run={run} onOpenCell={onOpenCell} />
    ]);
  }
  const { parent_id } = run;
  if (parent_id !== null) {
    facts.push([
      trans.__('Parent'),
      <Button key="parent" minimal onClick={() => onOpenRun(parent_id)}>
        <Text value={parent_id} />
      </Button>
    ]);
  }
  add(trans.__('Experiment'), run.experiment);
  add(trans.__('Author'), run.user);
  add(trans.__('Created'), timeOf(run.created_at));
  add(trans.__('Started'), timeOf(run.started_at));
  add(trans.__('Ended'), timeOf(run.ended_at));
  add(trans.__('Compute'), run.compute_target);
  add(trans.__('Host'), run.host);
  add(trans.__('Environment'), run.environment);
  add(trans.__('Arguments'), run.arguments.join(' '));
  add(trans.__('Commit'), commitOf(run));
  add(trans.__('Run ID'), run.id);
  return (
    <section>
      <h3 className="jp-mlws-heading">{trans.__('About')}</h3>
      <PairList pairs={facts} />
      {run.environment_variables.length > 0 && (
        <details className="jp-mlws-more">
          <summary>
            {trans.__('Variables (%1)', run.environment_variables.length)}
          </summary>
          <p className="jp-mlws-hint">
            {escapeControls(run.environment_variables.join(', '))}
          </p>
        </details>
      )}
    </section>
  );
}

/** The cell as it was submitted. */
function Cell(props: { run: Run }): JSX.Element | null {
  const trans = useTranslation();
  const { cell_source } = props.run.source;
  return cell_source === '' ? null : (
    <section>
      <h3 className="jp-mlws-heading">{trans.__('Cell')}</h3>
      <pre className="jp-mlws-code" tabIndex={0} aria-label={trans.__('Cell')}>
        {escapeControls(cell_source)}
      </pre>
    </section>
  );
}

function timeOf(instant: string | null): string {
  return instant === null ? '' : new Date(instant).toLocaleString();
}

function commitOf(run: Run): string {
  const { commit, branch, dirty } = run.git ?? {};
  return commit
    ? [commit.slice(0, 10), branch, dirty ? '+' : ''].filter(Boolean).join(' ')
    : '';
}
