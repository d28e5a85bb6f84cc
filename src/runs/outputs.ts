/** An output as the panel shows it: a picture or plain text, never markup. */
export type ShownOutput =
  | { readonly kind: 'image'; readonly url: string; readonly text: string }
  | { readonly kind: 'text'; readonly text: string; readonly isCut: boolean };

/** What of a cell's outputs is shown, and how many more there are. */
export interface IShownOutputs {
  readonly shown: readonly ShownOutput[];
  readonly more: number;
}

const MAX_OUTPUTS = 8;
const MAX_CHARACTERS = 2000;
/** Kinds of pictures that cannot hold scripts. */
const IMAGES = ['image/png', 'image/jpeg'];

interface IOutput {
  output_type: string;
  data?: Record<string, unknown>;
  transient?: { display_id?: unknown };
  wait?: boolean;
}

/**
 * What a cell displayed, from the lines that its job wrote, with updates and clears applied.
 */
export function readOutputs(lines: string): IShownOutputs {
  const found = outputsOf(lines)
    .map(shownOutput)
    .filter(output => output !== null);
  return {
    shown: found.slice(0, MAX_OUTPUTS),
    more: Math.max(0, found.length - MAX_OUTPUTS)
  };
}

/** What is shown of one output as the notebook format keeps it; null where there is nothing to show. */
export function readOutput(output: unknown): ShownOutput | null {
  return isOutput(output) ? shownOutput(output) : null;
}

function isOutput(value: unknown): value is IOutput {
  const type = (value as { output_type?: unknown } | null)?.output_type;
  return typeof type === 'string';
}

function outputsOf(lines: string): IOutput[] {
  let outputs: IOutput[] = [];
  let clearNext = false;
  for (const line of lines.split('\n')) {
    const output = parse(line);
    if (output === null) {
      continue;
    }
    if (output.output_type === 'clear_output') {
      clearNext = output.wait === true;
      outputs = clearNext ? outputs : [];
    } else if (output.output_type === 'update_display_data') {
      outputs = outputs.map(old => updated(old, output));
    } else {
      outputs = clearNext ? [output] : [...outputs, output];
      clearNext = false;
    }
  }
  return outputs;
}

/** A line that the job could not finish is left out. */
function parse(line: string): IOutput | null {
  try {
    const output: unknown = JSON.parse(line);
    return isOutput(output) ? output : null;
  } catch {
    return null;
  }
}

function updated(old: IOutput, update: IOutput): IOutput {
  const id = update.transient?.display_id;
  return id !== undefined && id !== null && old.transient?.display_id === id
    ? { ...old, data: update.data }
    : old;
}

function shownOutput(output: IOutput): ShownOutput | null {
  const data = output.data ?? {};
  const text = textOf(data['text/plain']) ?? '';
  for (const type of IMAGES) {
    const base64 = textOf(data[type])?.replace(/\s/g, '');
    if (base64 && isBase64(base64)) {
      return {
        kind: 'image',
        url: `data:${type};base64,${base64}`,
        text: text.slice(0, 200)
      };
    }
  }
  return text === ''
    ? null
    : {
        kind: 'text',
        text: text.slice(0, MAX_CHARACTERS),
        isCut: text.length > MAX_CHARACTERS
      };
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
}

/** The notebook format keeps text whole or as lines. */
function textOf(value: unknown): string | null {
  if (Array.isArray(value)) {
    return value.every(line => typeof line === 'string')
      ? value.join('')
      : null;
  }
  return typeof value === 'string' ? value : null;
}
