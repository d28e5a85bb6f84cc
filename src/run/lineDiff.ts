/** A line of a comparison: in both texts, only in the old one, or only in the new one. */
export interface IDiffLine {
  readonly kind: 'same' | 'old' | 'new';
  readonly text: string;
}

/** Lines that did not change between two that did, where they are not shown. */
export interface IGap {
  readonly kind: 'gap';
  readonly count: number;
}

/** Texts that differ in more lines are not compared line by line. */
const MOST_EDITS = 800;
const CONTEXT = 3;

/**
 * The lines in which two texts differ, with a few around them (Myers' algorithm).
 *
 * @returns null where they differ in too many
 */
export function diffLines(
  before: string,
  after: string
): readonly (IDiffLine | IGap)[] | null {
  const lines = compare(before.split('\n'), after.split('\n'));
  return lines && folded(lines);
}

function compare(a: readonly string[], b: readonly string[]) {
  const traces: Map<number, number>[] = [];
  let ends = new Map<number, number>([[1, 0]]);
  for (let d = 0; d <= Math.min(a.length + b.length, MOST_EDITS); d++) {
    traces.push(ends);
    const next = new Map(ends);
    for (let k = -d; k <= d; k += 2) {
      let x = startOf(ends, k, d);
      let y = x - k;
      while (x < a.length && y < b.length && a[x] === b[y]) {
        x += 1;
        y += 1;
      }
      next.set(k, x);
      if (x >= a.length && y >= b.length) {
        return walkBack(a, b, traces);
      }
    }
    ends = next;
  }
  return null;
}

/** How far a path of d edits has come on the diagonal k before it goes along it. */
function startOf(ends: Map<number, number>, k: number, d: number): number {
  return isDown(ends, k, d)
    ? (ends.get(k + 1) ?? -1)
    : (ends.get(k - 1) ?? -1) + 1;
}

/** Whether the path's newest edit takes a line of the new text. */
function isDown(ends: Map<number, number>, k: number, d: number): boolean {
  const left = ends.get(k - 1) ?? -1;
  const above = ends.get(k + 1) ?? -1;
  return k === -d || (k !== d && left < above);
}

function walkBack(
  a: readonly string[],
  b: readonly string[],
  traces: readonly Map<number, number>[]
): IDiffLine[] {
  const lines: IDiffLine[] = [];
  let x = a.length;
  let y = b.length;
  for (let d = traces.length - 1; d >= 0; d--) {
    const ends = traces[d];
    const k = x - y;
    const start = startOf(ends, k, d);
    while (x > start && y > start - k) {
      lines.push({ kind: 'same', text: a[--x] });
      y -= 1;
    }
    if (d > 0 && isDown(ends, k, d)) {
      lines.push({ kind: 'new', text: b[--y] });
    } else if (d > 0) {
      lines.push({ kind: 'old', text: a[--x] });
    }
  }
  return lines.reverse();
}

/** The same lines without those that are far from any difference. */
function folded(lines: readonly IDiffLine[]): (IDiffLine | IGap)[] {
  const keep = new Array<boolean>(lines.length).fill(false);
  lines.forEach((line, i) => {
    if (line.kind !== 'same') {
      keep.fill(true, Math.max(0, i - CONTEXT), i + CONTEXT + 1);
    }
  });
  const shown: (IDiffLine | IGap)[] = [];
  for (let i = 0; i < lines.length;) {
    if (keep[i]) {
      shown.push(lines[i++]);
      continue;
    }
    const from = i;
    while (i < lines.length && !keep[i]) {
      i += 1;
    }
    shown.push({ kind: 'gap', count: i - from });
  }
  return shown;
}
