import { RunLine, RunStatus } from '../api';

/** What a person types to narrow the list, as the server wants it. */
export interface IQuery {
  readonly status: RunStatus | null;
  readonly search: string | null;
  readonly filter: string | null;
}

/** Words that a person may write for a status. */
export const STATUS_WORDS: ReadonlyMap<string, RunStatus> = new Map([
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

/** What a condition can ask about beside metrics, params and tags. */
export const ATTRIBUTES: readonly string[] = [
  'status',
  'experiment',
  'name',
  'number',
  'user',
  'created_at',
  'started_at',
  'ended_at',
  'duration_s',
  'child_count',
  'compute_target',
  'environment',
  'document',
  'description',
  'kind',
  'host',
  'id',
  'snapshot_id'
];

const FIELD = `(?:(?:metrics?|params?|parameters?|tags?|attributes?)\\.\\S+|${ATTRIBUTES.join('|')})`;
/** Signs that no text has, or a word that compares after something that can be compared. */
const COMPARES = new RegExp(
  `[=<>]|(?:^|[\\s(])${FIELD}\\s+(?:not\\s+)?(?:like|ilike|in|is)(?:\\s|\\(|$)`,
  'i'
);
const KIND = /^\s*(metrics?|params?|parameters?|tags?|attributes?)\./i;
/** The beginning of a condition: as long as it may become one, nothing is looked for. */
const BEGUN = /^\s*(met(r(i(cs?)?)?)?|par(a(ms?)?)?|tags?|sta(t(us?)?)?)\s*$/i;
/** A parameter as the search finds it, such as `lr=0.1`. */
const LABEL = /^([^\s=<>!]+)=[^\s=]*$/;

/** Whether a text is meant as a condition of the filter language, not as text to look for. */
export function isFilter(text: string): boolean {
  if (KIND.test(text)) {
    return true;
  }
  const others = text.split(/\s/).filter(word => {
    const label = LABEL.exec(word);
    return label === null || ATTRIBUTES.includes(label[1]);
  });
  return COMPARES.test(others.join(' '));
}

/**
 * Understand what a person typed: a condition such as `metrics.acc > 0.9`, or text to look for. The first word that is
 * a status narrows by it; what is left is looked for in the text of runs.
 */
export function parseQuery(text: string): IQuery {
  if (BEGUN.test(text)) {
    return { status: null, search: null, filter: null };
  }
  if (isFilter(text)) {
    return { status: null, search: null, filter: text };
  }
  const words = text.trim().split(/\s+/);
  const at = words.findIndex(word => STATUS_WORDS.has(word.toLowerCase()));
  if (at < 0) {
    return { status: null, search: text.trim() || null, filter: null };
  }
  const rest = [...words.slice(0, at), ...words.slice(at + 1)].join(' ');
  return {
    status: STATUS_WORDS.get(words[at].toLowerCase()) ?? null,
    search: rest || null,
    filter: null
  };
}

/**
 * Whether a run is what is looked for, as far as a page can tell: what is listed already is narrowed at once by it,
 * until the server's answer is here. Conditions are for the server alone.
 */
export function matches(run: RunLine, query: IQuery): boolean {
  if (query.status !== null && run.status !== query.status) {
    return false;
  }
  return (
    query.search === null || textOf(run).includes(query.search.toLowerCase())
  );
}

const texts = new WeakMap<RunLine, string>();

function textOf(run: RunLine): string {
  let text = texts.get(run);
  if (text === undefined) {
    text = [
      `#${run.number}`,
      run.experiment,
      run.display_name,
      ...[run.tags, run.params]
        .flatMap(labels => Object.entries(labels))
        .map(([name, value]) => (value ? `${name}=${value}` : name))
    ]
      .join('\n')
      .toLowerCase();
    texts.set(run, text);
  }
  return text;
}
