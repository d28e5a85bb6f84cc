import { plainText } from '../components/ansi';
import { readOutput, ShownOutput } from '../runs/outputs';

/** A cell of a notebook as it is shown: text and pictures, never markup. */
export interface IShownCell {
  readonly kind: 'code' | 'text';
  readonly source: string;
  /** Number of its execution, null where it was not executed. */
  readonly count: number | null;
  readonly outputs: readonly ShownOutput[];
}

const MOST_CELLS = 500;
const MOST_OUTPUTS = 50;

/** The cells of a notebook's text; null where it is none. */
export function readNotebook(text: string): readonly IShownCell[] | null {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return null;
  }
  const cells = (content as { cells?: unknown } | null)?.cells;
  return Array.isArray(cells) ? cells.slice(0, MOST_CELLS).map(readCell) : null;
}

function readCell(cell: unknown): IShownCell {
  const { cell_type, source, execution_count, outputs } = (cell ??
    {}) as Record<string, unknown>;
  return {
    kind: cell_type === 'code' ? 'code' : 'text',
    source: joined(source),
    count: typeof execution_count === 'number' ? execution_count : null,
    outputs: Array.isArray(outputs)
      ? outputs
          .slice(0, MOST_OUTPUTS)
          .map(shown)
          .filter(output => output !== null)
      : []
  };
}

function shown(output: unknown): ShownOutput | null {
  const { output_type, text, traceback, ename, evalue } = (output ??
    {}) as Record<string, unknown>;
  if (output_type === 'stream') {
    return { kind: 'text', text: plainText(joined(text)), isCut: false };
  }
  if (output_type === 'error') {
    const lines = Array.isArray(traceback) ? traceback.join('\n') : '';
    const said = lines || `${ename}: ${evalue}`;
    return { kind: 'text', text: plainText(said), isCut: false };
  }
  return readOutput(output);
}

/** The notebook format keeps text whole or as lines. */
function joined(value: unknown): string {
  return Array.isArray(value)
    ? value.join('')
    : typeof value === 'string'
      ? value
      : '';
}
