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

/** Whether the run's process is a kernel or another program that was there before: nothing was started for it. */
export function isInteractive(run: Run): boolean {
  return run.kind === 'interactive';
}

/** Whether that process is a notebook's kernel. */
export function isInKernel(run: Run): boolean {
  return isInteractive(run) && run.source.document.endsWith('.ipynb');
}

/** Whether the run is part of another one's process. */
export function isScriptChild(run: Run): boolean {
  return run.kind === 'child';
}

const NOTHING_TO_START: ReadonlySet<string> = new Set([
  'interactive',
  'offline',
  'child'
]);

/** Whether there is something that can be done again. */
export function canRerun(run: Run): boolean {
  return !NOTHING_TO_START.has(run.kind);
}

/** Whether a run, which has to have ended for it, can go into the trash. */
export function canDelete(run: Run): boolean {
  return hasEnded(run);
}

/** What a live run waits for, or what holds it up; '' when nothing does. */
export function waitsFor(run: Run): string {
  return hasEnded(run) ? '' : run.waiting_for;
}

const PLACE = 48;

/** Whether a run just waits for its turn, which is said in a few words: anything else is a trouble. */
export function waitsItsTurn(run: Run): boolean {
  return run.status === 'Queued' && run.waiting_for.length <= PLACE;
}

const OF_ENVIRONMENT = 'environment ';

/** Whether a run waits while its environment is resolved or built: that goes forward, and is no trouble. */
export function buildsEnvironment(run: Run): boolean {
  return (
    (run.status === 'Preparing' || run.status === 'Provisioning') &&
    run.waiting_for.startsWith(OF_ENVIRONMENT)
  );
}

/** The environment and what is done for it at the moment, as `sk:3: Downloading torch`. */
export function buildingWords(run: Run): string {
  return run.waiting_for.slice(OF_ENVIRONMENT.length);
}

/** Seconds that a run has been going, or went; null before its start. */
export function secondsOf(run: Run, now: number): number | null {
  if (run.started_at === null) {
    return null;
  }
  const end = run.ended_at === null ? now : Date.parse(run.ended_at);
  return Math.max(0, (end - Date.parse(run.started_at)) / 1000);
}

const WORDS: ReadonlyMap<string, RunStatus> = new Map([
  ['queued', 'Queued'],
  ['provisioning', 'Provisioning'],
  ['preparing', 'Preparing'],
  ['running', 'Running'],
  ['finalizing', 'Finalizing'],
  ['notstarted', 'NotStarted'],
  ['notresponding', 'NotResponding'],
  ['cancelrequested', 'CancelRequested'],
  ['completed', 'Completed'],
  ['failed', 'Failed'],
  ['canceled', 'Canceled'],
  ['cancelled', 'Canceled']
]);

/** What a person types into the search, as the list of runs wants it. */
export interface ISearch {
  readonly status: RunStatus | null;
  readonly search: string | null;
}

/**
 * The first word that is a status narrows by it; what is left is looked for in the text of runs.
 */
export function parseSearch(text: string): ISearch {
  const words = text.trim().split(/\s+/);
  const at = words.findIndex(word => WORDS.has(word.toLowerCase()));
  if (at < 0) {
    return { status: null, search: text.trim() || null };
  }
  const rest = [...words.slice(0, at), ...words.slice(at + 1)].join(' ');
  return {
    status: WORDS.get(words[at].toLowerCase()) ?? null,
    search: rest || null
  };
}
