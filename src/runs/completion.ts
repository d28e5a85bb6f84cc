import { RunLine } from '../api';
import { ATTRIBUTES, STATUS_WORDS } from './query';

/** A piece of a condition that may stand where somebody types. */
export interface ICompletion {
  readonly text: string;
  /** Where it goes, as a half-open range of characters. */
  readonly start: number;
  readonly end: number;
}

const MOST = 8;
/** More runs are not looked through for names: they would be the same. */
const MOST_RUNS = 500;
const PLAIN = /^[A-Za-z0-9_/.-]+$/;
const WORD = /[A-Za-z0-9_/.-]*$/;
const OF_STATUS = /(?:^|[\s(])status\s*(?:!=|=|in\s*\([^)]*)\s*['"]?$/i;

/** Names that a condition may ask about: the attributes of every run, and what the listed runs recorded. */
export function namesOf(runs: Iterable<RunLine>): string[] {
  const names = new Set<string>();
  let count = 0;
  for (const run of runs) {
    if (++count > MOST_RUNS) {
      break;
    }
    for (const { name } of run.metrics) {
      names.add(`metrics.${quoted(name)}`);
    }
    for (const name in run.params) {
      names.add(`params.${quoted(name)}`);
    }
    for (const name in run.tags) {
      names.add(`tags.${quoted(name)}`);
    }
  }
  const sorted = [...names].sort((a, b) => (plain(a) < plain(b) ? -1 : 1));
  return [...sorted, ...ATTRIBUTES];
}

function plain(name: string): string {
  return name.replace(/`/g, '');
}

function quoted(name: string): string {
  return PLAIN.test(name) ? name : `\`${name.replace(/`/g, '``')}\``;
}

/**
 * What may stand at the cursor: a status after `status =`, otherwise a name of which a part is typed.
 *
 * @param names what may be asked about
 */
export function complete(
  text: string,
  cursor: number,
  names: readonly string[]
): ICompletion[] {
  const before = text.slice(0, cursor);
  const word = WORD.exec(before)![0];
  const start = cursor - word.length;
  if (OF_STATUS.test(before.slice(0, start))) {
    return completeStatus(text, start, cursor, word);
  }
  if (word === '' || isQuoted(before)) {
    return [];
  }
  const typed = word.toLowerCase();
  const begin = names.filter(name => name.toLowerCase().startsWith(typed));
  const inside = names.filter(
    name =>
      !begin.includes(name) &&
      name
        .toLowerCase()
        .slice(name.indexOf('.') + 1)
        .startsWith(typed)
  );
  return [...begin, ...inside]
    .filter(name => name !== word)
    .slice(0, MOST)
    .map(name => ({ text: `${name} `, start, end: cursor }));
}

function completeStatus(
  text: string,
  start: number,
  cursor: number,
  word: string
): ICompletion[] {
  const quote = /['"]$/.exec(text.slice(0, start))?.[0] ?? '';
  const closes = quote !== '' && text[cursor] === quote;
  return [...new Set(STATUS_WORDS.values())]
    .filter(status => status.toLowerCase().startsWith(word.toLowerCase()))
    .map(status => ({
      text: `'${status}'`,
      start: start - quote.length,
      end: cursor + (closes ? 1 : 0)
    }));
}

/** Whether the end of a text is inside of quotes. */
function isQuoted(text: string): boolean {
  let open = '';
  for (const letter of text) {
    if (open === '' && `'"\``.includes(letter)) {
      open = letter;
    } else if (letter === open) {
      open = '';
    }
  }
  return open !== '';
}

/** A text with a completion in it, and where the cursor is then. */
export function withCompletion(
  text: string,
  { text: piece, start, end }: ICompletion
): { text: string; cursor: number } {
  return {
    text: text.slice(0, start) + piece + text.slice(end),
    cursor: start + piece.length
  };
}
