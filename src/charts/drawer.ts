import type { IChart } from './chart';
import { frames } from './frames';
import { drawingOf, IDrawing, within } from './lines';
import { IReading, readingAt } from './reading';
import { Domain } from './scale';
import { IChartSource } from './source';
import { followTheme } from './theme';
import { ChartView } from './view';

const LEAST_WIDTH = 120;
/** What draws is asked for again so often, in milliseconds, where the server does not give it. */
const AGAIN = 2000;

/** Told what a chart shows. */
export interface IDrawerEvents {
  onDrawn: (drawing: IDrawing) => void;
  /** Null where nothing is pointed at. */
  onRead: (reading: IReading | null) => void;
}

/**
 * Keeps the chart in an element what its source and its view say. The drawing library is fetched when the first one is made.
 */
export class Drawer {
  constructor(
    private readonly _host: HTMLElement,
    private readonly _source: IChartSource,
    private readonly _view: ChartView,
    private readonly _events: IDrawerEvents
  ) {
    _source.changed.connect(this.refresh, this);
    _view.changed.connect(this._onView, this);
    _view.moved.connect(this._onMoved, this);
    this._source.setStretch(_view.zoom, _view.options.axis);
    this._draw();
    void this._load();
  }

  get drawing(): IDrawing | null {
    return this._drawing;
  }

  /** What is drawn, null before anything is. */
  get canvas(): HTMLCanvasElement | null {
    return this._chart?.canvas ?? null;
  }

  /** Key of the series that stands out. */
  get chosen(): string | null {
    return this._chosen;
  }

  set chosen(chosen: string | null) {
    if (chosen !== this._chosen) {
      this._chosen = chosen;
      this.refresh();
      this._onMoved();
    }
  }

  /** Draw soon. */
  refresh(): void {
    frames.request(this._draw);
  }

  dispose(): void {
    this._isDisposed = true;
    this._source.changed.disconnect(this.refresh, this);
    this._view.changed.disconnect(this._onView, this);
    this._view.moved.disconnect(this._onMoved, this);
    frames.cancel(this._draw);
    frames.cancel(this._move);
    this._stop.forEach(undo => undo());
    this._chart?.dispose();
    this._chart = null;
  }

  /** Fetch what draws. Nobody asks for it again where the server did not give it, so that is done until it does. */
  private async _load(): Promise<void> {
    try {
      const { createChart } = await import('./chart');
      if (!this._isDisposed) {
        this._start(createChart);
      }
    } catch (error) {
      if ((error as Error).name !== 'ChunkLoadError') {
        throw error;
      }
      if (!this._isDisposed) {
        const timer = setTimeout(() => void this._load(), AGAIN);
        this._stop.push(() => clearTimeout(timer));
      }
    }
  }

  private _start(create: typeof import('./chart').createChart): void {
    const host = this._host;
    const size = () => ({
      width: Math.max(LEAST_WIDTH, host.clientWidth),
      height: host.clientHeight
    });
    this._chart = create(host, size(), {
      onHover: (x, y) => {
        this._pointer = y;
        this._view.cursor = x;
        this._onMoved();
      },
      onZoom: stretch => {
        this._view.zoom = stretch;
      }
    });
    const observer = new ResizeObserver(() => {
      const { width, height } = size();
      if (host.clientWidth > 0 && height > 0) {
        this._chart?.setSize(width, height);
      }
    });
    observer.observe(host);
    this._stop.push(
      () => observer.disconnect(),
      followTheme(() => this._chart?.redraw())
    );
    this._draw();
  }

  private _onView(): void {
    this._source.setStretch(this._view.zoom, this._view.options.axis);
    this.refresh();
  }

  private _onMoved(): void {
    frames.request(this._move);
  }

  private _draw = (): void => {
    const { _source: source, _view: view } = this;
    const options = view.optionsOf(source.name);
    const drawing = drawingOf(source.series, options, view.zoom);
    this._drawing = drawing;
    mark(this._host, drawing);
    this._chart?.draw(drawing, this._chosen);
    this._events.onDrawn(drawing);
    if (view.cursor !== null) {
      this._move();
    }
  };

  private _move = (): void => {
    const { cursor } = this._view;
    const drawing = this._drawing;
    if (cursor === null) {
      this._pointer = null;
    }
    const reading =
      cursor === null || drawing === null
        ? null
        : readingAt(drawing, cursor, this._pointer, this._chosen);
    this._chart?.setCursor(
      cursor,
      reading && {
        x: reading.x,
        y: reading.shown,
        colour: reading.line.series.style.colour
      }
    );
    this._events.onRead(reading);
  };

  private _chart: IChart | null = null;
  private _chosen: string | null = null;
  private _drawing: IDrawing | null = null;
  private _isDisposed = false;
  /** Height of the pointer in the chart's own numbers, null where it is elsewhere. */
  private _pointer: number | null = null;
  private _stop: (() => void)[] = [];
}

/** Leave on the element what it draws, for assistive tools and tests that cannot read a canvas. */
function mark({ dataset }: HTMLElement, drawing: IDrawing): void {
  const { lines, x } = drawing;
  const last = lines.length === 1 ? lines[0].series.points.last : NaN;
  let [count, rows] = [0, 0];
  for (const line of lines) {
    count += line.series.points.count;
    rows += rowsIn(line.x, x);
  }
  const marks: Record<string, string> = {
    last: String(last),
    series: String(lines.length),
    // To the digit where the axis begins and ends, and how many rows lie between.
    range: `${x[0]} ${x[1]}`,
    rows: String(rows),
    scale: drawing.isLogarithmic ? 'logarithmic' : 'linear',
    count: String(count)
  };
  // What is written again costs as much as what is new.
  for (const name in marks) {
    if (dataset[name] !== marks[name]) {
      dataset[name] = marks[name];
    }
  }
}

function rowsIn(x: Float64Array, stretch: Domain): number {
  const [from, to] = within(x, stretch);
  return to - from;
}
