import { TranslationBundle } from '@jupyterlab/translation';

import { Captured, MetricSummary, Progress, Run, toNumber } from '../api';
import {
  formatBytes,
  formatDuration,
  formatNumber
} from '../components/format';
import { leadingMetric } from '../runs/rows';
import { hasEnded } from '../runs/status';

/** So many names of one kind are written out. */
const MOST_NAMES = 8;

/** What travelled with the cell, in groups; empty where nothing is recorded. */
export function sentGroups(trans: TranslationBundle, run: Run): string[] {
  const scopes: Readonly<Record<string, string>> = {
    project: trans.__('project'),
    folder: trans.__('folder'),
    files: trans.__('notebook and named files')
  };
  const data = run.captured.filter(
    it => it.how === 'data' || it.how === 'table'
  );
  const code = run.captured.filter(it => it.how === 'source');
  const size = data.reduce((sum, it) => sum + it.size_bytes, 0);
  return [
    scopes[run.snapshot_scope] ?? '',
    data.length > 0
      ? `${listed(
          trans,
          data.map(it => it.name)
        )} ${formatBytes(size)}`
      : '',
    listed(trans, code.map(nameOfCode)),
    run.captured.some(it => it.how === 'random')
      ? trans.__('random state')
      : '',
    run.links.length > 0
      ? trans._n(
          'one linked path: not fully reproducible',
          '%1 linked paths: not fully reproducible',
          run.links.length
        )
      : ''
  ].filter(group => group !== '');
}

/** Source of the functions and classes that travelled. */
export function sentCode(run: Run): string {
  return run.captured
    .filter(it => it.how === 'source' && it.text !== '')
    .map(it => it.text.trimEnd())
    .join('\n\n');
}

function nameOfCode(it: Captured): string {
  return it.type === 'function' ? `${it.name}()` : it.name;
}

function listed(trans: TranslationBundle, names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).join(', ');
  const more = names.length - MOST_NAMES;
  return more > 0 ? trans.__('%1 and %2 more', shown, more) : shown;
}

/** Another run of the same cell, as the footer names it. */
export interface ISibling {
  readonly run: Run;
  /** Its value of the metric that the runs of the cell share, or how it ended. */
  readonly text: string;
  /** Whether no other run of the cell has a better value. */
  readonly isBest: boolean;
}

const LOWER = /(loss|error|rmse|mse|mae)/i;
const HIGHER = /(acc|auc|f1|score|r2|map)/i;

/**
 * The last other runs of a cell with their values. Which is best is said only of metrics that are known to be better
 * high or low, and only among runs that completed.
 */
export function siblingsOf(
  run: Run,
  others: readonly Run[],
  most = 4
): ISibling[] {
  const all = [run, ...others];
  const name = leadingMetric(all);
  const best = bestOf(all, name);
  return others.slice(0, most).map(it => ({
    run: it,
    text: textOf(it, name),
    isBest: it.id === best
  }));
}

function metricOf(run: Run, name: string | null): MetricSummary | undefined {
  return run.metrics.find(metric => metric.name === name);
}

function textOf(run: Run, name: string | null): string {
  const metric = metricOf(run, name);
  return run.status === 'Completed' || !hasEnded(run)
    ? metric
      ? formatNumber(toNumber(metric.last))
      : ''
    : '';
}

function bestOf(runs: readonly Run[], name: string | null): string | null {
  const sign =
    name === null ? 0 : LOWER.test(name) ? -1 : HIGHER.test(name) ? 1 : 0;
  if (sign === 0) {
    return null;
  }
  let best: string | null = null;
  let most = -Infinity;
  for (const run of runs) {
    const metric = metricOf(run, name);
    const value = metric ? sign * toNumber(metric.last) : NaN;
    if (run.status === 'Completed' && value > most) {
      most = value;
      best = run.id;
    }
  }
  return best;
}

/** How far a run is, and how long the rest takes at the rate that its output told. */
export function progressText(
  trans: TranslationBundle,
  progress: Progress
): string {
  const current = toNumber(progress.current);
  const total = progress.total === null ? NaN : toNumber(progress.total);
  const rate = progress.rate === null ? NaN : toNumber(progress.rate);
  const left = (total - current) / rate;
  return [
    Number.isFinite(total)
      ? `${formatNumber(current)}/${formatNumber(total)}`
      : formatNumber(current),
    Number.isFinite(left) && left > 0
      ? trans.__('~%1 left', formatDuration(left))
      : ''
  ]
    .filter(part => part !== '')
    .join(' · ');
}
