import { TranslationBundle } from '@jupyterlab/translation';

import {
  Captured,
  MetricSummary,
  Progress,
  Run,
  Snapshot,
  toNumber,
  WorkspaceInfo
} from '../api';
import {
  formatBytes,
  formatDuration,
  formatNumber
} from '../components/format';
import { statusText } from '../components/status';
import { bestOf } from '../runs/best';
import { leadingMetric } from '../runs/rows';
import { hasEnded, isInteractive } from '../runs/status';

/** So many names of one kind are written out. */
const MOST_NAMES = 8;
const MOST_LINKS = 3;

/**
 * What travelled with the cell, in groups; empty where nothing is recorded.
 *
 * @param snapshot how many files travelled, as soon as that is known
 */
export function sentGroups(
  trans: TranslationBundle,
  run: Run,
  snapshot: Snapshot | null = null
): string[] {
  if (isInteractive(run)) {
    return []; // its cell ran where it stands
  }
  const scopes: Readonly<Record<string, string>> = {
    project: trans.__('the project'),
    folder: trans.__('the folder'),
    files: trans.__('the notebook and the files that it names')
  };
  const files = scopes[run.snapshot_scope] ?? '';
  const data = run.captured.filter(
    it => it.how === 'data' || it.how === 'table'
  );
  const code = run.captured.filter(it => it.how === 'source');
  const size = data.reduce((sum, it) => sum + it.size_bytes, 0);
  return [
    files !== '' && snapshot !== null
      ? trans._n(
          '%2 (one file, %3)',
          '%2 (%1 files, %3)',
          snapshot.file_count,
          files,
          formatBytes(snapshot.size_bytes)
        )
      : files,
    data.length > 0
      ? `${listed(
          trans,
          data.map(it => it.name)
        )} ${formatBytes(size)}`
      : '',
    listed(trans, code.map(nameOfCode)),
    run.captured.some(it => it.how === 'random')
      ? trans.__('the state of the random numbers')
      : '',
    run.links.length > 0
      ? trans.__(
          '%1 linked, not copied: not fully reproducible',
          listed(
            trans,
            run.links.map(it => it.path),
            MOST_LINKS
          )
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

function listed(
  trans: TranslationBundle,
  names: readonly string[],
  most = MOST_NAMES
): string {
  const shown = names.slice(0, most).join(', ');
  const more = names.length - most;
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

/**
 * The last other runs of a cell with their values, and the best one however long ago that was. Which is best is said only of metrics that are known to be better
 * high or low, and only among runs that completed.
 */
export function siblingsOf(
  run: Run,
  others: readonly Run[],
  most = 4
): ISibling[] {
  const all = [run, ...others];
  const name = leadingMetric(all);
  const best = name === null ? null : (bestOf(all, name)?.id ?? null);
  const shown = others.filter((it, i) => i < most || it.id === best);
  return shown.map(it => ({
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

const USED: readonly (readonly [RegExp, string, (value: number) => string])[] =
  [
    [/^system\/cpu_percent$/, 'cpu', percent],
    [/^system\/memory_bytes$/, 'mem', formatBytes],
    [/^system\/gpu(?!.*memory).*percent$/, 'gpu', percent]
  ];

/**
 * How a run does, in a word. One that nobody can take yet is not told to wait: what would take it is coming up, for the
 * very first run of a workspace with all that is made but once.
 */
export function statusWords(
  trans: TranslationBundle,
  run: Run,
  info: WorkspaceInfo | null
): string {
  if (run.status !== 'Queued' || run.waiting_for !== '' || !isStarting(info)) {
    return statusText(trans, run.status);
  }
  return run.number === 1
    ? trans.__('Starting workspace (first time)')
    : trans.__('Starting workspace');
}

function isStarting(info: WorkspaceInfo | null): boolean {
  return (
    info !== null && !info.dispatcher.alive && info.dispatcher.message === ''
  );
}

/** What the processes of a run use at the moment, of the system metrics that were measured: `cpu 312% · mem 2.1 GB`. */
export function usageText(measured: readonly MetricSummary[]): string {
  return USED.map(([pattern, name, format]) => {
    const values = measured
      .filter(it => pattern.test(it.name))
      .map(it => toNumber(it.last));
    return values.length === 0 ? '' : `${name} ${format(Math.max(...values))}`;
  })
    .filter(part => part !== '')
    .join(' · ');
}

function percent(value: number): string {
  return `${Math.round(value)}%`;
}
