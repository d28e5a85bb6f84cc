import { TranslationBundle } from '@jupyterlab/translation';

import { Run, toNumber } from '../api';
import { formatTook, formatNumber } from '../components/format';
import { escapeControls } from '../components/text';
import { leadingMetric } from '../runs/rows';

/** Which ends a person wants to be told of. */
export type Wanted = 'all' | 'failed' | 'none';

export interface IWish {
  wanted: Wanted;
  /** Shorter runs are not told of. */
  seconds: number;
}

/** Whether the end of a run is told: one that was canceled ended because somebody wanted it. */
export function isTold(run: Run, { wanted, seconds }: IWish): boolean {
  return (
    run.status !== 'Canceled' &&
    (wanted === 'all' || (wanted === 'failed' && run.status === 'Failed')) &&
    secondsOf(run) >= seconds
  );
}

/** How long a run went, in seconds. */
export function secondsOf({ ended_at, started_at, created_at }: Run): number {
  return ended_at === null
    ? 0
    : (Date.parse(ended_at) - Date.parse(started_at ?? created_at)) / 1000;
}

/** The end of a run in a sentence. */
export function endText(trans: TranslationBundle, run: Run): string {
  const name = `#${run.number} ${run.display_name || run.experiment}`;
  const time = formatTook(secondsOf(run));
  const text =
    run.status === 'Failed'
      ? trans.__('%1 failed after %2: %3', name, time, run.error?.message ?? '')
      : trans.__('%1 completed after %2', name, time);
  const metric = run.metrics.find(it => it.name === leadingMetric([run]));
  return escapeControls(
    run.status === 'Completed' && metric
      ? `${text} · ${metric.name} ${formatNumber(toNumber(metric.last))}`
      : text.replace(/[: ]+$/, '')
  );
}
