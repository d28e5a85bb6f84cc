import { TranslationBundle } from '@jupyterlab/translation';

import { NotebookParameter } from '../api';

/** What was typed for parameters, by name; one that is not here is as the notebook has it. */
export type Typed = Readonly<Record<string, string>>;

/** What a field shows before anything was typed. */
export function initialText({
  type,
  default: value,
  code
}: NotebookParameter): string {
  if (value === null || value === undefined) {
    return '';
  }
  if (type === 'json') {
    return JSON.stringify(value);
  }
  // A number as the notebook spells it (1e-3, 1.0), so far as it is read back as what it is.
  return typeof value === 'number' &&
    code.trim() !== '' &&
    Number(code) === value
    ? code.trim()
    : String(value);
}

/** Values to send, or what is wrong with what was typed. */
export interface IRead {
  readonly values: Readonly<Record<string, unknown>>;
  /** By names of parameters. */
  readonly problems: Readonly<Record<string, string>>;
}

/** Read what was typed: only what is otherwise than in the notebook is sent. */
export function readTyped(
  trans: TranslationBundle,
  parameters: readonly NotebookParameter[],
  typed: Typed
): IRead {
  const values: Record<string, unknown> = {};
  const problems: Record<string, string> = {};
  for (const parameter of parameters) {
    const text = typed[parameter.name];
    const isText = parameter.type === 'str';
    if (
      text === undefined ||
      text === initialText(parameter) ||
      (!isText && text.trim() === '')
    ) {
      continue;
    }
    try {
      values[parameter.name] = isText ? text : valueOf(trans, parameter, text);
    } catch (error) {
      problems[parameter.name] = (error as Error).message;
    }
  }
  return { values, problems };
}

const WORDS = ['NaN', 'Infinity', '-Infinity'];

function valueOf(
  trans: TranslationBundle,
  { type }: NotebookParameter,
  text: string
): unknown {
  const trimmed = text.trim();
  if (type === 'bool') {
    return trimmed === 'true';
  }
  if (type === 'json') {
    try {
      return JSON.parse(trimmed);
    } catch {
      throw new Error(
        trans.__('This is no JSON: write for example [1, 2] or {"a": "b"}.')
      );
    }
  }
  if (type === 'float' && WORDS.includes(trimmed)) {
    return trimmed;
  }
  const value = Number(trimmed);
  if (!Number.isFinite(value)) {
    throw new Error(
      trans.__(
        'This is no number: write for example %1.',
        likeIt(type, trimmed)
      )
    );
  }
  if (/^[+-]?\d+$/.test(trimmed) && !Number.isSafeInteger(value)) {
    throw new Error(
      trans.__('Here numbers end at 9007199254740991: set it in the notebook.')
    );
  }
  return value;
}

/** A number that could have been meant, or any. */
function likeIt(type: string, text: string): string {
  const pointed = text.replace(',', '.');
  if (text !== '' && Number.isFinite(Number(pointed))) {
    return pointed;
  }
  return type === 'int' ? '3' : '0.1';
}

/** The words of a line, as a shell would part them; quotes group, a backslash takes the next letter as it is. */
export function splitArguments(line: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const letter = line[i];
    if (letter === '\\' && quote !== "'" && i + 1 < line.length) {
      i += 1;
      word = (word ?? '') + line[i];
    } else if (quote !== '') {
      quote = letter === quote ? '' : quote;
      word = (word ?? '') + (quote === '' ? '' : letter);
    } else if (letter === '"' || letter === "'") {
      quote = letter;
      word ??= '';
    } else if (/\s/.test(letter)) {
      if (word !== null) {
        words.push(word);
      }
      word = null;
    } else {
      word = (word ?? '') + letter;
    }
  }
  return word === null ? words : [...words, word];
}
