import { ISignal, Signal } from '@lumino/signaling';

import { IChartOptions } from './lines';
import { Domain } from './scale';
import { SmoothingKind } from './smoothing';

export const PLAIN: IChartOptions = {
  axis: 'step',
  smoothing: { kind: 'none', weight: 0.6, window: 15 },
  isLogarithmic: false,
  isClipped: false
};

const KEY = 'jupyter-mlws:charts';
/** So many metrics are remembered that have an axis of their own. */
const MOST_NAMES = 200;

/** What a person chose, as it is kept from one day to the next. */
interface IKept {
  options: IChartOptions;
  /** Metrics whose y axis is another than that of all. */
  others: string[];
}

/**
 * How the charts that stand together are looked at: their options, the stretch that is zoomed into, and the place under the
 * pointer, which all of them show.
 */
export class ChartView {
  /**
   * @param _storage where the options are kept; without one they are those of the moment
   */
  constructor(private readonly _storage: Storage | null = null) {
    const kept = readKept(this._storage);
    this._options = kept.options;
    this._others = new Set(kept.others);
  }

  /** The options or the zoom are others. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The cursor moved. */
  get moved(): ISignal<this, void> {
    return this._moved;
  }

  get options(): IChartOptions {
    return this._options;
  }

  /** The options for one metric, which may have a y axis of its own. */
  optionsOf(name: string): IChartOptions {
    const { isLogarithmic } = this._options;
    return this._others.has(name)
      ? { ...this._options, isLogarithmic: !isLogarithmic }
      : this._options;
  }

  set(options: Partial<IChartOptions>): void {
    const before = this._options;
    this._options = { ...before, ...options };
    if (this._options.axis !== before.axis) {
      // A stretch of steps is none of seconds.
      this._zoom = null;
      this._cursor = null;
    }
    if (this._options.isLogarithmic !== before.isLogarithmic) {
      this._others.clear();
    }
    this._keep();
    this._changed.emit();
  }

  setLogarithmic(name: string, isLogarithmic: boolean): void {
    if (isLogarithmic === this._options.isLogarithmic) {
      this._others.delete(name);
    } else {
      this._others.add(name);
    }
    this._keep();
    this._changed.emit();
  }

  /** The stretch of x that is shown; null for all of it. */
  get zoom(): Domain | null {
    return this._zoom;
  }

  set zoom(zoom: Domain | null) {
    if (zoom?.[0] !== this._zoom?.[0] || zoom?.[1] !== this._zoom?.[1]) {
      this._zoom = zoom;
      this._changed.emit();
    }
  }

  /** The place on the x axis that is pointed at, null for none. */
  get cursor(): number | null {
    return this._cursor;
  }

  set cursor(cursor: number | null) {
    if (cursor !== this._cursor) {
      this._cursor = cursor;
      this._moved.emit();
    }
  }

  private _keep(): void {
    const kept: IKept = {
      options: this._options,
      others: [...this._others].slice(-MOST_NAMES)
    };
    try {
      this._storage?.setItem(KEY, JSON.stringify(kept));
    } catch {
      // A browser that keeps nothing: the options are those of the moment.
    }
  }

  private _changed = new Signal<this, void>(this);
  private _cursor: number | null = null;
  private _moved = new Signal<this, void>(this);
  private _options: IChartOptions;
  private _others: Set<string>;
  private _zoom: Domain | null = null;
}

/** The browser's own store; null where it is forbidden. */
export function browserStorage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

/** What was kept. Anybody may have written there, so only what makes sense is taken. */
function readKept(storage: Storage | null): IKept {
  let found: { options?: Record<string, unknown>; others?: unknown } = {};
  try {
    found = JSON.parse(storage?.getItem(KEY) ?? '{}') ?? {};
  } catch {
    // As if nothing was there.
  }
  const options = found.options ?? {};
  const smoothing = (options.smoothing ?? {}) as Record<string, unknown>;
  const others = Array.isArray(found.others) ? found.others : [];
  return {
    options: {
      axis: oneOf(['step', 'relative', 'wall'], options.axis),
      smoothing: {
        kind: oneOf<SmoothingKind>(
          ['none', 'exponential', 'window'],
          smoothing.kind
        ),
        weight: between(0, 0.999, smoothing.weight, PLAIN.smoothing.weight),
        window: between(1, 1001, smoothing.window, PLAIN.smoothing.window)
      },
      isLogarithmic: options.isLogarithmic === true,
      isClipped: options.isClipped === true
    },
    others: others.filter(it => typeof it === 'string').slice(-MOST_NAMES)
  };
}

function oneOf<T extends string>(known: readonly T[], value: unknown): T {
  return known.find(it => it === value) ?? known[0];
}

function between(
  low: number,
  high: number,
  value: unknown,
  otherwise: number
): number {
  return typeof value === 'number' && value >= low && value <= high
    ? value
    : otherwise;
}
