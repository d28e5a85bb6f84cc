import { DASHES } from './colours';
import { ILine } from './lines';
import { Scale } from './scale';

/** So much of a canvas as lines are drawn with. */
export type Brush = Pick<
  CanvasRenderingContext2D,
  | 'beginPath'
  | 'moveTo'
  | 'lineTo'
  | 'arc'
  | 'closePath'
  | 'stroke'
  | 'fill'
  | 'setLineDash'
> & {
  strokeStyle: CanvasRenderingContext2D['strokeStyle'];
  fillStyle: CanvasRenderingContext2D['fillStyle'];
  lineWidth: number;
  lineJoin: CanvasLineJoin;
  globalAlpha: number;
};

/** Where in a canvas lines are drawn, in its own pixels. */
export interface IPaper {
  readonly x: Scale;
  readonly y: Scale;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  /** Pixels of the canvas for one of the page. */
  readonly ratio: number;
  colour(place: number): string;
}

const LINE = 1.6;
/** Lines of one pixel are drawn in a quarter of the time of wider ones, and tell more where they lie close together. */
const THIN = 1;
/** From so many rows on the lines of a chart lie close together. */
const CLOSE = 2000;
const FAINT = 0.28;
const BAND = 0.18;
/** More bands one over the other would hide each other, and cost most of the drawing. */
const MOST_BANDS = 3;
/** From so many rows on a line is a line, below it has dots. */
const DOTS = 24;
/** Lines of more rows have plain corners. */
const ROUND = 200;

/** Draw lines: their bands below all of them, then what was logged, then what is made of it. */
export function paint(
  brush: Brush,
  lines: readonly ILine[],
  paper: IPaper,
  highlighted: string | null = null
): void {
  const isDim = (line: ILine) =>
    highlighted !== null && line.series.key !== highlighted;
  const hasBand = (line: ILine) =>
    lines.length <= MOST_BANDS || line.series.key === highlighted;
  for (const line of lines) {
    if (line.low && line.high && !isDim(line) && hasBand(line)) {
      brush.fillStyle = paper.colour(line.series.style.colour);
      brush.globalAlpha = BAND;
      band(brush, line, paper);
    }
  }
  const rows = lines.reduce((sum, line) => sum + rowsOf(line.x, paper), 0);
  const width = rows > CLOSE ? THIN : LINE;
  for (const line of lines) {
    const alpha = isDim(line) ? FAINT : 1;
    const colour = paper.colour(line.series.style.colour);
    brush.strokeStyle = colour;
    brush.fillStyle = colour;
    // Round corners are seen where there are few, and dear where there are many.
    brush.lineJoin = line.x.length > ROUND ? 'bevel' : 'round';
    if (line.raw && !isDim(line)) {
      brush.globalAlpha = alpha * FAINT;
      brush.lineWidth = paper.ratio;
      stroke(brush, line.x, line.raw, paper);
    }
    brush.globalAlpha = alpha;
    brush.lineWidth =
      paper.ratio * (line.series.key === highlighted ? 1.4 * LINE : width);
    brush.setLineDash(
      DASHES[line.series.style.dash].map(it => it * paper.ratio)
    );
    stroke(brush, line.x, line.y, paper);
    brush.setLineDash([]);
    dots(brush, line, paper);
    infinities(brush, line, paper);
  }
  brush.globalAlpha = 1;
}

/**
 * A line through the points, broken where one is no number. Of those that fall on the same pixel column only the first,
 * the least, the greatest and the last are drawn: nobody sees the others.
 */
function stroke(
  brush: Brush,
  x: Float64Array,
  y: Float64Array,
  paper: IPaper
): void {
  const [from, to] = visible(x, paper);
  brush.beginPath();
  let isDown = false;
  let [column, end] = [NaN, NaN];
  let [first, low, high, last] = [0, 0, 0, 0];
  for (let i = from; i <= to; i++) {
    const isGap = i === to || !Number.isFinite(y[i]);
    const atX = isGap ? NaN : paper.x(x[i]);
    const atY = isGap ? NaN : bounded(paper.y(y[i]), paper);
    if (isDown && Math.round(atX) === column) {
      end = atX;
      last = atY;
      low = atY < low ? atY : low;
      high = atY > high ? atY : high;
      continue;
    }
    if (isDown && end === end) {
      // What lies between where the line enters a column and where it leaves it is drawn already.
      if (low < first && low < last) {
        brush.lineTo(column, low);
      }
      if (high > first && high > last) {
        brush.lineTo(column, high);
      }
      brush.lineTo(end, last);
    }
    if (!isGap && isDown) {
      brush.lineTo(atX, atY);
    } else if (!isGap) {
      brush.moveTo(atX, atY);
    }
    isDown = !isGap;
    column = Math.round(atX);
    end = NaN;
    first = low = high = last = atY;
  }
  brush.stroke();
}

/** The rows in sight, with the one on either side that the line comes from and goes to. */
function visible(x: Float64Array, paper: IPaper): [number, number] {
  const from = firstFrom(x, paper.x, it => it >= paper.left);
  const to = firstFrom(x, paper.x, it => it > paper.right);
  return [Math.max(0, from - 1), Math.min(x.length, to + 1)];
}

function rowsOf(x: Float64Array, paper: IPaper): number {
  const [from, to] = visible(x, paper);
  return to - from;
}

/** The first row from which on the places of all are as wanted; rows stand in the order of their places. */
function firstFrom(
  x: Float64Array,
  scale: Scale,
  isWanted: (place: number) => boolean
): number {
  let [low, high] = [0, x.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isWanted(scale(x[middle]))) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

/** Far beyond the edges a canvas loses its way. */
function bounded(y: number, { top, bottom }: IPaper): number {
  const reach = 4 * (bottom - top);
  return Math.max(top - reach, Math.min(bottom + reach, y));
}

/** The extent of what each row stands for, as an area; a row without a number ends it. */
function band(brush: Brush, line: ILine, paper: IPaper): void {
  const { x, low, high } = line;
  const [from, to] = visible(x, paper);
  const edge = (value: number) =>
    // Infinite edges, and those that a logarithmic axis does not have, go as far as the paper does.
    Number.isFinite(paper.y(value))
      ? bounded(paper.y(value), paper)
      : value > 0
        ? paper.top
        : paper.bottom;
  brush.beginPath();
  for (let i = from; i < to;) {
    let end = i;
    while (end < to && !Number.isNaN(low![end])) {
      end += 1;
    }
    for (let k = i; k < end; k++) {
      (k === i ? moveTo : lineTo)(brush, paper.x(x[k]), edge(high![k]));
    }
    for (let k = end - 1; k >= i; k--) {
      brush.lineTo(paper.x(x[k]), edge(low![k]));
    }
    if (end > i) {
      brush.closePath();
    }
    i = end + 1;
  }
  brush.fill();
}

function moveTo(brush: Brush, x: number, y: number): void {
  brush.moveTo(x, y);
}

function lineTo(brush: Brush, x: number, y: number): void {
  brush.lineTo(x, y);
}

/** Dots on a short line, and on what stands alone between two gaps and would not be seen otherwise. */
function dots(brush: Brush, { x, y }: ILine, paper: IPaper): void {
  const [from, to] = visible(x, paper);
  const all = to - from <= DOTS;
  const radius = 2.4 * paper.ratio;
  let isBegun = false;
  for (let i = from; i < to; i++) {
    if (
      Number.isFinite(y[i]) &&
      (all || !(Number.isFinite(y[i - 1]) || Number.isFinite(y[i + 1])))
    ) {
      if (!isBegun) {
        isBegun = true;
        brush.beginPath();
      }
      const [atX, atY] = [paper.x(x[i]), paper.y(y[i])];
      brush.moveTo(atX + radius, atY);
      brush.arc(atX, atY, radius, 0, 2 * Math.PI);
    }
  }
  if (isBegun) {
    brush.fill();
  }
}

/** Triangles at the upper and the lower edge that point to where infinite values are. */
function infinities(brush: Brush, line: ILine, paper: IPaper): void {
  if (line.infinite.length === 0) {
    return;
  }
  const size = 4.5 * paper.ratio;
  brush.beginPath();
  for (const { x, sign } of line.infinite) {
    const at = paper.x(x);
    if (at >= paper.left && at <= paper.right) {
      const tip = sign > 0 ? paper.top : paper.bottom;
      const base = tip + sign * 1.6 * size;
      brush.moveTo(at, tip);
      brush.lineTo(at - size, base);
      brush.lineTo(at + size, base);
      brush.closePath();
    }
  }
  brush.fill();
}
