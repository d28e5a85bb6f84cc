import { ISeries } from '../api';

/** The x axis of a chart: what `IRows` has for each, or what follows from it. */
export type Axis = 'step' | 'relative' | 'wall';

/**
 * What a chart draws of a series, in equally long columns. A row is a point, or sums up some that follow one another.
 */
export interface IRows {
  readonly step: Float64Array;
  /** Seconds since 1970. */
  readonly time: Float64Array;
  /** Mean value; NaN where there is no number, infinite where one of the values was. */
  readonly value: Float64Array;
  /** Extent of the values. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** How many points the row stands for. */
  readonly weight: Float64Array;
  /** Whether any row stands for more than one point. */
  readonly isBucketed: boolean;
}

/** More rows than these are never kept of a series: about as many as a chart has pixels. */
export const MAX_ROWS = 1200;
const COLUMNS = ['step', 'time', 'value', 'low', 'high', 'weight'] as const;

type Column = (typeof COLUMNS)[number];

/**
 * The points of a series as far as they are here. They only grow at the end; where they become more than a chart can
 * show, neighbours are summed up, so that neither the memory nor what has to travel grows with the series.
 */
export class Points {
  constructor(
    readonly name: string,
    private readonly _most = MAX_ROWS
  ) {
    this._reserve(64);
  }

  /** Number of points of the whole series: the cursor of the next read. */
  get count(): number {
    return this._count;
  }

  /** Changes whenever the points do. */
  get version(): number {
    return this._version;
  }

  get isBucketed(): boolean {
    return this._width > 1;
  }

  /** The newest value, NaN where there is none. */
  get last(): number {
    return this._last;
  }

  get lastStep(): number {
    return this._size > 0 ? this._columns.step[this._size - 1] : NaN;
  }

  /** When the first point was logged, NaN where there is none. */
  get firstTime(): number {
    return this._size > 0 ? this._firstTime : NaN;
  }

  /** Take in a piece that was read after `count`. */
  add(piece: ISeries): void {
    const { step, time, minimum, maximum, count } = piece.columns;
    const value = piece.columns.value ?? piece.columns.mean;
    if (this._size === 0 && piece.points > 0) {
      this._firstTime = time[0];
    }
    for (let i = 0; i < piece.points; i++) {
      const weight = count ? count[i] : 1;
      // Buckets of the server are as wide as its answer needs; what follows is summed up alike.
      this._width = Math.max(this._width, weight);
      this._put(
        step[i],
        time[i],
        value[i],
        minimum ? minimum[i] : value[i],
        maximum ? maximum[i] : value[i],
        weight
      );
    }
    if (piece.points > 0) {
      this._last = value[piece.points - 1];
    }
    this._count = piece.count;
    this._version += 1;
  }

  /** Forget all points: they are read anew. */
  clear(): void {
    this._count = this._size = 0;
    this._firstTime = this._last = NaN;
    this._width = 1;
    this._version += 1;
  }

  /** The rows in the order of an axis; a restarted script may have logged some steps twice. */
  rows(axis: Axis): IRows {
    const by = axis === 'step' ? 'step' : 'time';
    let known = this._known[by];
    if (known?.version !== this._version) {
      known = { version: this._version, rows: this._sorted(by) };
      this._known[by] = known;
    }
    return known.rows;
  }

  private _put(
    step: number,
    time: number,
    value: number,
    low: number,
    high: number,
    weight: number
  ): void {
    const at = this._size - 1;
    if (at >= 0 && this._columns.weight[at] + weight <= this._width) {
      this._merge(at, step, time, value, low, high, weight);
      return;
    }
    if (this._size >= this._most) {
      this._halve();
      this._put(step, time, value, low, high, weight);
      return;
    }
    this._reserve(this._size + 1);
    const c = this._columns;
    const end = this._size;
    c.step[end] = step;
    c.time[end] = time;
    c.value[end] = value;
    c.low[end] = low;
    c.high[end] = high;
    c.weight[end] = weight;
    this._size += 1;
  }

  /** Sum up a row with what follows it; of NaN and a number it is the number. */
  private _merge(
    at: number,
    step: number,
    time: number,
    value: number,
    low: number,
    high: number,
    weight: number
  ): void {
    const c = this._columns;
    const sum = c.weight[at] + weight;
    if (Number.isNaN(c.value[at])) {
      c.value[at] = value;
    } else if (!Number.isNaN(value)) {
      c.value[at] = (c.value[at] * c.weight[at] + value * weight) / sum;
    }
    c.step[at] = step;
    c.time[at] = time;
    c.low[at] = lesser(c.low[at], low);
    c.high[at] = greater(c.high[at], high);
    c.weight[at] = sum;
  }

  /** Sum up each two neighbours. */
  private _halve(): void {
    const size = this._size;
    const old = this._columns;
    const kept = Object.fromEntries(
      COLUMNS.map(name => [name, old[name].slice(0, size)])
    ) as Record<Column, Float64Array>;
    this._width *= 2;
    this._size = 0;
    for (let i = 0; i < size; i++) {
      this._put(
        kept.step[i],
        kept.time[i],
        kept.value[i],
        kept.low[i],
        kept.high[i],
        kept.weight[i]
      );
    }
  }

  private _reserve(size: number): void {
    if (size > this._columns.step.length) {
      const room = Math.min(
        Math.max(size, 2 * this._columns.step.length),
        Math.max(size, this._most)
      );
      for (const name of COLUMNS) {
        const longer = new Float64Array(room);
        longer.set(this._columns[name]);
        this._columns[name] = longer;
      }
    }
  }

  private _sorted(by: 'step' | 'time'): IRows {
    const order = orderOf(this._columns[by].subarray(0, this._size));
    const pick = (name: Column) => {
      const column = this._columns[name].subarray(0, this._size);
      return order === null ? column : Float64Array.from(order, i => column[i]);
    };
    return {
      ...(Object.fromEntries(COLUMNS.map(name => [name, pick(name)])) as Record<
        Column,
        Float64Array
      >),
      isBucketed: this.isBucketed
    };
  }

  private _columns: Record<Column, Float64Array> = {
    step: new Float64Array(0),
    time: new Float64Array(0),
    value: new Float64Array(0),
    low: new Float64Array(0),
    high: new Float64Array(0),
    weight: new Float64Array(0)
  };
  private _count = 0;
  private _firstTime = NaN;
  private _last = NaN;
  private _known: Partial<
    Record<'step' | 'time', { version: number; rows: IRows }>
  > = {};
  private _size = 0;
  private _version = 0;
  /** So many points may stand in one row. */
  private _width = 1;
}

/** The places of values in their order; null where they stand in it. */
function orderOf(values: Float64Array): number[] | null {
  for (let i = 1; i < values.length; i++) {
    if (values[i] < values[i - 1]) {
      const order = Array.from(values, (_, place) => place);
      return order.sort((a, b) => values[a] - values[b]);
    }
  }
  return null;
}

function lesser(a: number, b: number): number {
  return Number.isNaN(a) || b < a ? b : a;
}

function greater(a: number, b: number): number {
  return Number.isNaN(a) || b > a ? b : a;
}
