import { ISeries } from '../api';

/** What a chart draws: equally long columns, x rising; null is a gap. */
export interface IChartData {
  readonly x: readonly number[];
  readonly y: readonly (number | null)[];
  /** Extent of what a bucket holds; absent where every point is drawn. */
  readonly low?: readonly (number | null)[];
  readonly high?: readonly (number | null)[];
}

/**
 * The points of a series as far as they are here: raw ones grow at the end, buckets are replaced as a whole.
 */
export class Points {
  constructor(readonly name: string) {}

  /** Number of points of the whole series: the cursor of the next read. */
  get count(): number {
    return this._count;
  }

  get isBucketed(): boolean {
    return this._low !== null;
  }

  /** The newest value, NaN where there is none. */
  get last(): number {
    return this._y.length > 0 ? this._last : NaN;
  }

  get lastStep(): number {
    return this._x.length > 0 ? this._x[this._x.length - 1] : NaN;
  }

  /** Take in a piece that was read after `count`, or a whole series in buckets. */
  add(piece: ISeries): void {
    if (piece.columns.mean) {
      this._replace(piece);
    } else {
      this._append(piece);
    }
    this._count = piece.count;
    this._data = null;
  }

  /** The columns to draw, sorted by step. */
  get data(): IChartData {
    if (this._data === null) {
      this._data = sorted({
        x: this._x,
        y: this._y,
        low: this._low ?? undefined,
        high: this._high ?? undefined
      });
    }
    return this._data;
  }

  private _append(piece: ISeries): void {
    const { step, value } = piece.columns;
    for (let i = 0; i < piece.points; i++) {
      this._x.push(step[i]);
      this._y.push(drawable(value[i]));
      this._last = value[i];
    }
  }

  private _replace(piece: ISeries): void {
    const { step, mean, minimum, maximum } = piece.columns;
    this._x = Array.from(step);
    this._y = Array.from(mean, drawable);
    this._low = Array.from(minimum, drawable);
    this._high = Array.from(maximum, drawable);
    this._last = piece.points > 0 ? mean[piece.points - 1] : NaN;
  }

  private _count = 0;
  private _data: IChartData | null = null;
  private _high: (number | null)[] | null = null;
  private _last = NaN;
  private _low: (number | null)[] | null = null;
  private _x: number[] = [];
  private _y: (number | null)[] = [];
}

/** NaN and infinities have no place on an axis: they are gaps. */
function drawable(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** The same points with rising x; a restarted script may have logged its steps twice. */
function sorted(data: IChartData): IChartData {
  if (data.x.every((x, i) => i === 0 || x >= data.x[i - 1])) {
    return data;
  }
  const order = data.x.map((_, i) => i).sort((a, b) => data.x[a] - data.x[b]);
  const pick = <T>(column: readonly T[]) => order.map(i => column[i]);
  return {
    x: pick(data.x),
    y: pick(data.y),
    low: data.low && pick(data.low),
    high: data.high && pick(data.high)
  };
}
