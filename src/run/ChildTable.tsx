import * as React from 'react';

import { Run, toNumber } from '../api';
import { useNow } from '../components/clock';
import { Button, Notice } from '../components/empty';
import { formatDuration, formatNumber } from '../components/format';
import { useSignal } from '../components/model';
import { StatusIcon } from '../components/status';
import { escapeControls, Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { differingParams, leadingMetrics } from '../runs/rows';
import { hasEnded, secondsOf } from '../runs/status';
import { ChildrenModel } from './children';

/** So many metrics have a column. */
const METRICS = 4;

/** The runs below a run, with the parameters that differ and what came of them. */
export function ChildTable(props: {
  model: ChildrenModel;
  onOpen: (run: string) => void;
}): JSX.Element {
  const trans = useTranslation();
  const { model, onOpen } = props;
  useSignal(model.changed);
  const { runs, error } = model;
  const now = useNow(runs.some(run => !hasEnded(run)));
  if (error) {
    return (
      <Notice kind="error">
        {escapeControls(`${error.message} ${error.hint}`)}
      </Notice>
    );
  }
  const params = [...differingParams(runs)].sort();
  const metrics = leadingMetrics(runs).slice(0, METRICS);
  return (
    <div aria-busy={!model.isLoaded}>
      <table className="jp-mlws-children">
        <thead>
          <tr>
            <th scope="col">{trans.__('Run')}</th>
            {params.map(name => (
              <th key={`param ${name}`} scope="col">
                <Text value={name} />
              </th>
            ))}
            {metrics.map(name => (
              <th key={`metric ${name}`} scope="col" className="jp-mod-number">
                <Text value={name} />
              </th>
            ))}
            <th scope="col" className="jp-mod-number">
              {trans.__('Duration')}
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map(run => (
            <tr key={run.id} data-run={run.id} data-status={run.status}>
              <th scope="row">
                <StatusIcon status={run.status} />{' '}
                <Button minimal onClick={() => onOpen(run.id)}>
                  #{run.number} <Text value={run.display_name} />
                </Button>
              </th>
              {params.map(name => (
                <td key={`param ${name}`}>
                  <Text value={run.params[name] ?? ''} />
                </td>
              ))}
              {metrics.map(name => (
                <td key={`metric ${name}`} className="jp-mod-number">
                  {lastOf(run, name)}
                </td>
              ))}
              <td className="jp-mod-number">{durationOf(run, now)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {model.hasMore && (
        <Button minimal onClick={() => model.readMore()}>
          {trans.__('Show more')}
        </Button>
      )}
    </div>
  );
}

function lastOf(run: Run, name: string): string {
  const found = run.metrics.find(metric => metric.name === name);
  return found ? formatNumber(toNumber(found.last)) : '';
}

function durationOf(run: Run, now: number): string {
  const seconds = secondsOf(run, now);
  return seconds === null ? '' : formatDuration(seconds);
}
