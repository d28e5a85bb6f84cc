import { IDrawing, ILine, nearestAt } from './lines';
import { Domain, logarithmicScaleOf, scaleOf } from './scale';

/** What a chart says of one place. */
export interface IReading {
  readonly line: ILine;
  readonly x: number;
  readonly step: number;
  /** As it was logged. */
  readonly value: number;
  /** As it is drawn, which differs where the line is made smooth. */
  readonly shown: number;
}

/** What a line says at a place; null where it says nothing. */
export function readLine(
  line: ILine,
  x: number,
  axis: IDrawing['axis']
): IReading | null {
  const at = nearestAt(line, x);
  if (at < 0) {
    return null;
  }
  return {
    line,
    x: line.x[at],
    step: line.series.points.rows(axis).step[at],
    value: (line.raw ?? line.y)[at],
    shown: line.y[at]
  };
}

/** What all lines say at a place, those that say something. */
export function readAll(drawing: IDrawing, x: number): IReading[] {
  return drawing.lines.flatMap(line => readLine(line, x, drawing.axis) ?? []);
}

/**
 * What is read where the cursor is: of several lines the one that is chosen, or the one nearest to the pointer's height,
 * or the first.
 */
export function readingAt(
  drawing: IDrawing,
  x: number,
  y: number | null,
  chosen: string | null
): IReading | null {
  const all = readAll(drawing, x);
  const own = all.find(it => it.line.series.key === chosen);
  if (own || y === null) {
    return own ?? all[0] ?? null;
  }
  const scale = (drawing.isLogarithmic ? logarithmicScaleOf : scaleOf)(
    drawing.y,
    0,
    1
  );
  const distance = (it: IReading) => Math.abs(scale(it.shown) - scale(y));
  return all.reduce<IReading | null>(
    (best, it) => (best === null || distance(it) < distance(best) ? it : best),
    null
  );
}

/** What a key asks of a chart. */
export type KeyAction =
  | { kind: 'move'; by: number }
  | { kind: 'edge'; last: boolean }
  | { kind: 'line'; by: 1 | -1 }
  | { kind: 'zoom'; by: number }
  | { kind: 'reset' }
  | { kind: 'full' };

/** So many points a key goes with Shift, and a page key without. */
const FAR = 10;

export function keyAction(key: string, isShifted: boolean): KeyAction | null {
  const far = isShifted ? FAR : 1;
  switch (key) {
    case 'ArrowLeft':
      return { kind: 'move', by: -far };
    case 'ArrowRight':
      return { kind: 'move', by: far };
    case 'PageDown':
      return { kind: 'move', by: FAR };
    case 'PageUp':
      return { kind: 'move', by: -FAR };
    case 'ArrowDown':
      return { kind: 'line', by: 1 };
    case 'ArrowUp':
      return { kind: 'line', by: -1 };
    case 'Home':
      return { kind: 'edge', last: false };
    case 'End':
      return { kind: 'edge', last: true };
    case '+':
    case '=':
      return { kind: 'zoom', by: 0.5 };
    case '-':
      return { kind: 'zoom', by: 2 };
    case '0':
      return { kind: 'reset' };
    case 'f':
    case 'F':
      return { kind: 'full' };
    default:
      return null;
  }
}

/** Where a key leads on a line, among its rows in sight that have a number; null where there are none. */
export function placeAfter(
  line: ILine,
  sight: Domain,
  cursor: number | null,
  action: { kind: 'move'; by: number } | { kind: 'edge'; last: boolean }
): number | null {
  const values = line.raw ?? line.y;
  const places = Array.from(line.x).filter(
    (x, i) => x >= sight[0] && x <= sight[1] && Number.isFinite(values[i])
  );
  if (places.length === 0) {
    return null;
  }
  const end = places.length - 1;
  if (action.kind === 'edge') {
    return places[action.last ? end : 0];
  }
  if (cursor === null) {
    return places[action.by > 0 ? 0 : end];
  }
  const behind = places.findIndex(x => x > cursor);
  const before = (behind < 0 ? places.length : behind) - 1;
  const isOn = places[before] === cursor;
  // From between two points a key leads to the one on its own side.
  const from = isOn || action.by > 0 ? before : before + 1;
  return places[Math.max(0, Math.min(end, from + action.by))];
}

/** A stretch so many times as long around a place, within the whole. */
export function zoomed(
  sight: Domain,
  whole: Domain,
  by: number,
  around: number | null
): Domain | null {
  const middle = around ?? (sight[0] + sight[1]) / 2;
  const low = Math.max(whole[0], middle - (middle - sight[0]) * by);
  const high = Math.min(whole[1], middle + (sight[1] - middle) * by);
  return low <= whole[0] && high >= whole[1] ? null : [low, high];
}
