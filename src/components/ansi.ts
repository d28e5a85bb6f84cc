// Operating system commands (links, clipboard, titles) end with BEL or ST; the rest of an unfinished one is dropped.
// eslint-disable-next-line no-control-regex
const STRINGS = /\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\|$)/g;
const SEQUENCES =
  // eslint-disable-next-line no-control-regex
  /\u001b(?:\[[0-?]*[ -/]*(?:[@-~]|$)|[ -/]*[0-Z\\-~]|$)/g;

/**
 * Plain text of terminal output: escapes dropped, carriage returns and backspaces obeyed.
 */
export function plainText(output: string): string {
  return output
    .replace(STRINGS, '')
    .replace(SEQUENCES, '')
    .replace(/\r\n/g, '\n')
    .split('\n')
    .map(overwrite)
    .join('\n');
}

/** What a line shows after its carriage returns: the last piece that wrote anything. */
function overwrite(line: string): string {
  if (!line.includes('\r')) {
    return line;
  }
  let shown = '';
  for (const piece of line.split('\r')) {
    shown = piece + shown.slice(piece.length);
  }
  return shown;
}
