// It comes with the first chart, and not with the page.
import 'uplot/dist/uPlot.min.css';

import uPlot from 'uplot';

import { marksFrom, RELATIVE_STEPS, stepDistances, xWords } from './axes';
import { IDrawing } from './lines';
import { IPaper, paint } from './painter';
import {
  Domain,
  logarithmicScaleOf,
  logarithmicTicksOf,
  scaleOf
} from './scale';
import { tickText } from './units';

/** A chart drawn into a host element. It knows no Lab, so that a widget can carry it as well. */
export interface IChart {
  /** Show this; `highlighted` is the key of the series that stands out. */
  draw(drawing: IDrawing, highlighted: string | null): void;
  /** Put the cursor at a place of the x axis, or nowhere, and a dot on the point that is read there. */
  setCursor(x: number | null, dot: IDot | null): void;
  setSize(width: number, height: number): void;
  /** Draw again with the colours of the host. */
  redraw(): void;
  /** What is drawn, as a picture. */
  readonly canvas: HTMLCanvasElement;
  dispose(): void;
}

/** A point that stands out, and the place of its colour in the palette. */
export interface IDot {
  readonly x: number;
  readonly y: number;
  readonly colour: number;
}

export interface IChartEvents {
  /** Told the place under the pointer, null when it left. */
  onHover: (x: number | null, y: number | null) => void;
  /** Told the stretch that was marked; null where all of it shall be shown again. */
  onZoom: (stretch: Domain | null) => void;
}

const AXIS_WIDTH = 48;
/** Marks of so many characters have room in it, and one more wants so much more. */
const USUAL = 7;
const DIGIT = 6.5;
const AXIS_HEIGHT = 24;
/** Pixels between two marks of the y axis, and how many there are at most. */
const Y_SPACE = 28;
const Y_MARKS = 9;
/** Pixels that have to be marked before it is meant as a zoom. */
const LEAST_DRAG = 4;

/** Make a chart; its colours are CSS variables of the host. */
export function createChart(
  host: HTMLElement,
  size: { width: number; height: number },
  events: IChartEvents
): IChart {
  return new Chart(host, size, events);
}

/**
 * Axes, cursor and the marking of a stretch are uPlot's. The lines are our own: each has an x of its own, and there are
 * more of them than uPlot has hands for.
 */
class Chart implements IChart {
  constructor(
    private readonly _host: HTMLElement,
    private _size: { width: number; height: number },
    private readonly _events: IChartEvents
  ) {
    this._dot.className = 'jp-mlws-chart-dot';
  }

  get canvas(): HTMLCanvasElement {
    return this._plot!.ctx.canvas;
  }

  draw(drawing: IDrawing, highlighted: string | null): void {
    const before = this._drawing;
    this._drawing = drawing;
    this._highlighted = highlighted;
    if (
      this._plot === null ||
      before?.isLogarithmic !== drawing.isLogarithmic ||
      before.axis !== drawing.axis
    ) {
      this._make(drawing);
    } else {
      // At once: what uPlot puts off to the end of the frame is not reckoned in what a frame has room for.
      const plot = this._plot;
      plot.batch(() => plot.setData(cornersOf(drawing)));
    }
  }

  setCursor(x: number | null, dot: IDot | null): void {
    const plot = this._plot;
    if (plot) {
      const left = x === null ? -10 : plot.valToPos(x, 'x');
      const isInside = left >= 0 && left <= plot.over.clientWidth;
      const outside = { left: -10, top: -10 };
      plot.setCursor(isInside ? { left, top: 0 } : outside, false);
      this._setDot(plot, isInside ? dot : null);
    }
  }

  setSize(width: number, height: number): void {
    this._size = { width, height };
    this._plot?.setSize(this._size);
  }

  redraw(): void {
    this._colours.clear();
    this._plot?.redraw(false, true);
  }

  dispose(): void {
    this._plot?.destroy();
    this._plot = null;
  }

  private _make(drawing: IDrawing): void {
    this._plot?.destroy();
    this._plot = new uPlot(
      this._options(drawing),
      cornersOf(drawing),
      this._host
    );
    this._dot.style.display = 'none';
    this._plot.over.append(this._dot);
  }

  private _options({ axis, isLogarithmic }: IDrawing): uPlot.Options {
    const look: uPlot.Axis = {
      stroke: () => this._colour('--jp-ui-font-color2'),
      font: '10px sans-serif',
      grid: { stroke: () => this._colour('--jp-border-color2'), width: 1 },
      ticks: { show: false },
      gap: 4
    };
    return {
      ...this._size,
      legend: { show: false },
      padding: [8, 12, 0, 0],
      scales: {
        x: {
          time: axis === 'wall',
          range: () => [...this._drawing!.x] as uPlot.Range.MinMax
        },
        y: {
          distr: isLogarithmic ? 3 : 1,
          range: () => [...this._drawing!.y] as uPlot.Range.MinMax
        }
      },
      axes: [
        {
          ...look,
          size: AXIS_HEIGHT,
          space: 56,
          incrs:
            axis === 'relative'
              ? RELATIVE_STEPS
              : axis === 'step'
                ? (_, __, low, high) => stepDistances(low, high)
                : undefined,
          filter: (_, places) => marksFrom(places, firstOf(this._drawing!)),
          values: (_, places) => xWords(axis, places)
        },
        {
          ...look,
          size: (_, values) => widthOf(values),
          space: (_, __, ___, ____, height) => spaceOf(height),
          // uPlot's own for logarithms want an axis that begins at a power of ten, and never end on any other.
          ...(isLogarithmic
            ? {
                splits: plot => {
                  const height = plot.bbox.height / uPlot.pxRatio;
                  const wanted = height / spaceOf(height);
                  return logarithmicTicksOf(this._drawing!.y, wanted);
                },
                filter: (_, places) => places
              }
            : {}),
          values: (_, places) =>
            places.map(it =>
              it === null ? '' : tickText(nameOf(this._drawing!), it)
            )
        }
      ],
      series: [{}, { paths: () => null, points: { show: false } }],
      cursor: {
        y: false,
        points: { show: false },
        drag: { x: true, y: false, setScale: false, dist: LEAST_DRAG },
        bind: {
          dblclick: () => () => {
            this._events.onZoom(null);
            return null;
          }
        }
      },
      hooks: {
        draw: [plot => this._paint(plot)],
        setCursor: [plot => this._onCursor(plot)],
        setSelect: [plot => this._onSelect(plot)]
      }
    };
  }

  private _paint(plot: uPlot): void {
    const { ctx, bbox } = plot;
    const { lines, x, y, isLogarithmic } = this._drawing!;
    const [left, right] = [bbox.left, bbox.left + bbox.width];
    const [top, bottom] = [bbox.top, bbox.top + bbox.height];
    const paper: IPaper = {
      x: scaleOf(x, left, right),
      y: (isLogarithmic ? logarithmicScaleOf : scaleOf)(y, bottom, top),
      left,
      right,
      top,
      bottom,
      ratio: uPlot.pxRatio,
      colour: (place: number) => this._colour(`--jp-mlws-series-${place}`)
    };
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, bbox.width, bbox.height);
    ctx.clip();
    paint(ctx, lines, paper, this._highlighted);
    ctx.restore();
  }

  private _onCursor(plot: uPlot): void {
    const { left, top } = plot.cursor;
    if (left === undefined || top === undefined || left < 0) {
      this._events.onHover(null, null);
    } else {
      this._events.onHover(plot.posToVal(left, 'x'), plot.posToVal(top, 'y'));
    }
  }

  private _onSelect(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width >= LEAST_DRAG) {
      this._events.onZoom([
        plot.posToVal(left, 'x'),
        plot.posToVal(left + width, 'x')
      ]);
    }
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  }

  private _setDot(plot: uPlot, dot: IDot | null): void {
    const { style } = this._dot;
    const top = dot === null ? -1 : plot.valToPos(dot.y, 'y');
    style.display =
      dot !== null && top >= 0 && top <= plot.over.clientHeight ? '' : 'none';
    if (dot !== null) {
      const left = plot.valToPos(dot.x, 'x');
      style.transform = `translate(${left}px, ${top}px)`;
      style.background = `var(--jp-mlws-series-${dot.colour})`;
    }
  }

  /** Asking for a style costs the browser a reckoning, so each is asked for once in a theme. */
  private _colour(name: string): string {
    let colour = this._colours.get(name);
    if (colour === undefined) {
      const style = getComputedStyle(this._host);
      colour = style.getPropertyValue(name).trim() || 'currentColor';
      this._colours.set(name, colour);
    }
    return colour;
  }

  private _colours = new Map<string, string>();
  private _dot = document.createElement('div');
  private _drawing: IDrawing | null = null;
  private _highlighted: string | null = null;
  private _plot: uPlot | null = null;
}

/** Room for the longest of some marks; as much for all that are usual, so that charts stand one below the other. */
function widthOf(marks: readonly string[] | null): number {
  const longest = Math.max(0, ...(marks ?? []).map(it => it.length));
  return longest > USUAL ? AXIS_WIDTH + DIGIT * (longest - USUAL) : AXIS_WIDTH;
}

/** Pixels between two marks of a y axis of this height. */
function spaceOf(height: number): number {
  return Math.max(Y_SPACE, height / Y_MARKS);
}

/** The metric that the lines are of; '' where there are none. */
function nameOf({ lines }: IDrawing): string {
  return lines[0]?.series.points.name ?? '';
}

/** Where the lines begin; Infinity where there are none. */
function firstOf({ lines }: IDrawing): number {
  return Math.min(
    Infinity,
    ...lines.map(({ x }) => (x.length > 0 ? x[0] : Infinity))
  );
}

/** What makes uPlot lay out its axes: two corners of the paper. */
function cornersOf({ x, y }: IDrawing): uPlot.AlignedData {
  return [
    [x[0], x[1]],
    [y[0], y[1]]
  ];
}
