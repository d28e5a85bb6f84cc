import { Run } from '../api';

/**
 * Whether a cell, or a function of the notebook that its run took along, is written otherwise than what ran.
 *
 * @param source of the cell
 * @param others sources of the notebook's code cells
 */
export function isStale(
  source: string,
  others: readonly string[],
  run: Run
): boolean {
  const ran = run.source.cell_source;
  if (ran === '') {
    return false;
  }
  return (
    comparable(source) !== comparable(ran) ||
    lacksCode(run, [source, ...others])
  );
}

/** Spaces at the ends of lines do not change what a cell does. */
function comparable(source: string): string {
  return source.replace(/[ \t]+$/gm, '').trim();
}

/** Whether a function or class that travelled stands in no cell any more as it was. */
function lacksCode(run: Run, sources: readonly string[]): boolean {
  const cells = sources.map(comparable);
  return run.captured.some(({ how, name, text }) => {
    const code = comparable(text);
    // What was made elsewhere, in a file or by other code, cannot be looked for here.
    const isOfCell = new RegExp(`(def|class)\\s+${name}\\b`).test(code);
    return (
      how === 'source' && isOfCell && !cells.some(cell => cell.includes(code))
    );
  });
}
