import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { ComputeQueue, WaitingRun } from '../api';
import { useNow } from '../components/clock';
import { formatDuration } from '../components/format';
import { StatusIcon } from '../components/status';
import { escapeControls, Text } from '../components/text';
import { useTranslation } from '../components/translation';

/** The runs on a target, and below them those that wait, each behind the one above it. */
export function Queue(props: {
  queue: ComputeQueue;
  isPaused: boolean;
  onOpenRun: (run: string) => void;
}): JSX.Element {
  const trans = useTranslation();
  const { isPaused, queue, onOpenRun } = props;
  const now = useNow(queue.running.length > 0);
  return (
    <ol
      className="jp-mlws-queue"
      aria-label={trans.__('Runs on %1', escapeControls(queue.name))}
    >
      {[...queue.running, ...queue.waiting].map(run => (
        <li key={run.id} data-run={run.id}>
          <StatusIcon status={run.status} />
          <button
            type="button"
            className="jp-mlws-queue-run"
            title={escapeControls(
              trans.__('Open run #%1, of %2', run.number, run.user)
            )}
            onClick={() => onOpenRun(run.id)}
          >
            <span className="jp-mlws-queue-number">#{run.number}</span>{' '}
            <Text value={run.display_name || run.experiment} />
          </button>
          <span className="jp-mlws-line-fact">
            {escapeControls(standing(run, isPaused, now, trans))}
          </span>
        </li>
      ))}
      {queue.more > 0 && (
        <li className="jp-mlws-line-fact">
          {trans._n('and %1 more', 'and %1 more', queue.more)}
        </li>
      )}
    </ol>
  );
}

/** How long it runs, or what it waits for. */
function standing(
  run: WaitingRun,
  isPaused: boolean,
  now: number,
  trans: TranslationBundle
): string {
  if (run.status === 'Queued') {
    if (run.behind !== null) {
      return trans.__('behind #%1', run.behind);
    }
    // Why is said at the target.
    return isPaused ? trans.__('waits') : run.waiting_for || trans.__('next');
  }
  return run.started_at === null
    ? run.waiting_for || trans.__('starting')
    : formatDuration((now - Date.parse(run.started_at)) / 1000);
}
