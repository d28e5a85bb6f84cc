/** Steps by which lines are moved to the right. */
const DEEPEST = 20;
const SIGNS: ReadonlySet<string> = new Set('{}[],:');
/** What JSON is made of: texts, also one that does not end, signs, and what lies between them. */
const TOKENS = /"(?:[^"\\]|\\[^])*"?|[{}[\],:]|[^\s"{}[\],:]+/g;

/**
 * JSON with a line for each of its parts, up to so many letters and the part that goes beyond. Nothing is parsed: a text
 * of a few kilobytes could be nested so deep that its lines had hundreds of megabytes.
 */
export function indentJson(text: string, most: number): string {
  const parts: string[] = [];
  let [length, depth, before] = [0, 0, ''];
  const put = (part: string) => {
    parts.push(part);
    length += part.length;
  };
  for (const [token] of text.matchAll(TOKENS)) {
    const closes = token === '}' || token === ']';
    const opened = before === '{' || before === '[';
    depth = Math.max(0, depth + (opened ? 1 : 0) - (closes ? 1 : 0));
    if (before === ',' || (opened !== closes && (opened || closes))) {
      put(`\n${'  '.repeat(Math.min(depth, DEEPEST))}`);
    } else if (before !== '' && !SIGNS.has(before) && !SIGNS.has(token)) {
      put(' ');
    }
    put(token === ':' ? ': ' : token);
    before = token;
    if (length > most) {
      break;
    }
  }
  return parts.join('');
}
