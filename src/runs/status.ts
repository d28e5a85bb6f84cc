import { RunLine, RunStatus } from '../api';
import { formatDuration, formatTook } from '../components/format';

const ENDED: ReadonlySet<RunStatus> = new Set([
  'Completed',
  'Failed',
  'Canceled'
]);

/** Whether a run has ended for good. */
export function hasEnded(run: RunLine): boolean {
  return ENDED.has(run.status);
}

/** Whether a person can still ask for its end. */
export function canCancel(run: RunLine): boolean {
  return !hasEnded(run) && run.status !== 'CancelRequested';
}

/** Whether it is somebody else's, whom to ask for its end. `user` is who looks, '' where nobody knows. */
export function isOfOthers(run: RunLine, user: string): boolean {
  return user !== '' && run.user !== '' && run.user !== user;
}

/** Whether the run's process is a kernel or another program that was there before: nothing was started for it. */
export function isInteractive(run: RunLine): boolean {
  return run.kind === 'interactive';
}

/** Whether that process is a notebook's kernel. */
export function isInKernel(run: RunLine): boolean {
  return isInteractive(run) && run.source.document.endsWith('.ipynb');
}

/** Whether the run is part of another one's process. */
export function isScriptChild(run: RunLine): boolean {
  return run.kind === 'child';
}

const NOTHING_TO_START: ReadonlySet<string> = new Set([
  'interactive',
  'offline',
  'child'
]);

/** Whether there is something that can be done again. */
export function canRerun(run: RunLine): boolean {
  return !NOTHING_TO_START.has(run.kind);
}

/** Whether its parameters are more than words about it, so that it can be done again with others. */
export function canEdit(run: RunLine): boolean {
  return (
    (run.kind === 'cell' || run.kind === 'notebook') &&
    Object.keys(run.params).length > 0
  );
}

/** Whether a run, which has to have ended for it, can go into the trash. */
export function canDelete(run: RunLine): boolean {
  return hasEnded(run);
}

/** What a live run waits for, or what holds it up; '' when nothing does. */
export function waitsFor(run: RunLine): string {
  return hasEnded(run) ? '' : run.waiting_for;
}

const PLACE = 48;

/** Whether a run just waits for its turn, which is said in a few words: anything else is a trouble. */
export function waitsItsTurn(run: RunLine): boolean {
  return run.status === 'Queued' && run.waiting_for.length <= PLACE;
}

const OF_ENVIRONMENT = 'environment ';

/** Whether a run waits while its environment is resolved or built: that goes forward, and is no trouble. */
export function buildsEnvironment(run: RunLine): boolean {
  return (
    (run.status === 'Preparing' || run.status === 'Provisioning') &&
    run.waiting_for.startsWith(OF_ENVIRONMENT)
  );
}

/** The environment and what is done for it at the moment, as `sk:3: Downloading torch`. */
export function buildingWords(run: RunLine): string {
  return run.waiting_for.slice(OF_ENVIRONMENT.length);
}

/** Seconds that a run has been going, or went; null before its start. */
export function secondsOf(run: RunLine, now: number): number | null {
  if (run.started_at === null) {
    return null;
  }
  const end = run.ended_at === null ? now : Date.parse(run.ended_at);
  return Math.max(0, (end - Date.parse(run.started_at)) / 1000);
}

/** How long a run has been going, as a clock, or how long it took; '' before its start. */
export function durationText(run: RunLine, now: number): string {
  const seconds = secondsOf(run, now);
  return seconds === null
    ? ''
    : (hasEnded(run) ? formatTook : formatDuration)(seconds);
}
