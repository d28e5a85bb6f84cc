import { Run, RunStatus } from '../api';

const ENDED: ReadonlySet<RunStatus> = new Set([
  'Completed',
  'Failed',
  'Canceled'
]);

/** Whether a run has ended for good. */
export function hasEnded(run: Run): boolean {
  return ENDED.has(run.status);
}

/** Whether a person can still ask for its end. */
export function canCancel(run: Run): boolean {
  return !hasEnded(run) && run.status !== 'CancelRequested';
}

/** Seconds that a run has been going, or went; null before its start. */
export function secondsOf(run: Run, now: number): number | null {
  if (run.started_at === null) {
    return null;
  }
  const end = run.ended_at === null ? now : Date.parse(run.ended_at);
  return Math.max(0, (end - Date.parse(run.started_at)) / 1000);
}
