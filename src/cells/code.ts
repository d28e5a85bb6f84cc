/** What a kernel is sent to run a cell as a job. */
export interface ISentCell {
  readonly code: string;
  /** The cell as it stands, where it is not what is sent: the kernel records that, and counts its lines. */
  readonly shown: string | null;
}

const MAGIC = /^(?:[ \t]*\n)*%%(submit|track)(?=\s|$)/;

/**
 * A cell with `%%submit` above it. One that has that magic is sent as it stands, and one that is tracked in the kernel
 * otherwise keeps its options.
 *
 * @param options of the magic that is put there
 */
export function asJob(source: string, options = ''): ISentCell {
  const magic = MAGIC.exec(source)?.[1];
  if (magic === 'submit') {
    return { code: source, shown: null };
  }
  const code =
    magic === 'track'
      ? source.replace(/^\s*%%track/, '%%submit')
      : `${['%%submit', oneLine(options)].join(' ').trim()}\n${source}`;
  return { code, shown: source };
}

/** Whether there is something to run in a cell, beside a magic of ours. */
export function hasCode(source: string): boolean {
  const isOurs = MAGIC.test(source);
  const code = isOurs ? source.replace(/^\s*%%[^\n]*/, '') : source;
  return code.trim() !== '';
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
