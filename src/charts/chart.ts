import uPlot from 'uplot';

import { formatTick } from '../components/format';
import { IChartData } from './points';

/** A chart drawn into a host element. It knows no Lab, so that a widget can carry it as well. */
export interface IChart {
  setData(data: IChartData): void;
  setWidth(width: number): void;
  /** Draw again with the colours of the host. */
  redraw(): void;
  dispose(): void;
}

export interface IChartOptions {
  width: number;
  height: number;
  /** Told the index of the point under the cursor, null when it left. */
  onHover: (index: number | null) => void;
}

const AXIS_WIDTH = 48;
const AXIS_HEIGHT = 24;

/** Draw a chart; its colours are CSS variables of the host. */
export function createChart(host: HTMLElement, options: IChartOptions): IChart {
  const color = (name: string) => () =>
    getComputedStyle(host).getPropertyValue(name).trim() || 'currentColor';
  const plot = new uPlot(
    plotOptions(options, color),
    [[], [], [], []] as uPlot.AlignedData,
    host
  );
  return {
    setData: data => plot.setData(columns(data)),
    setWidth: width => plot.setSize({ width, height: options.height }),
    redraw: () => plot.redraw(false, true),
    dispose: () => plot.destroy()
  };
}

function columns(data: IChartData): uPlot.AlignedData {
  const none = data.x.map(() => null);
  return [
    data.x as number[],
    (data.low ?? none) as (number | null)[],
    (data.high ?? none) as (number | null)[],
    data.y as (number | null)[]
  ];
}

function plotOptions(
  options: IChartOptions,
  color: (name: string) => () => string
): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: color('--jp-ui-font-color2'),
    font: '10px sans-serif',
    grid: { stroke: color('--jp-border-color2'), width: 1 },
    ticks: { stroke: color('--jp-border-color2'), width: 1, size: 4 },
    values: (_, splits) => splits.map(formatTick)
  };
  const edge: uPlot.Series = { stroke: 'transparent', points: { show: false } };
  return {
    width: options.width,
    height: options.height,
    legend: { show: false },
    scales: { x: { time: false, range: widened } },
    padding: [8, 10, 0, 0],
    axes: [
      { ...axis, size: AXIS_HEIGHT, gap: 2 },
      { ...axis, size: AXIS_WIDTH, gap: 2 }
    ],
    series: [
      {},
      edge,
      edge,
      {
        stroke: color('--jp-mlws-chart-line'),
        width: 1.5,
        points: {
          size: 5,
          width: 1,
          stroke: color('--jp-mlws-chart-line'),
          fill: color('--jp-mlws-chart-line')
        }
      }
    ],
    bands: [{ series: [2, 1], fill: color('--jp-mlws-chart-band') }],
    cursor: { y: false, drag: { x: true, y: false }, points: { size: 7 } },
    hooks: {
      setCursor: [plot => options.onHover(plot.cursor.idx ?? null)]
    }
  };
}

/** One lonely point still wants some room to the left and right. */
function widened(_: uPlot, min: number, max: number): uPlot.Range.MinMax {
  return min === max ? [min - 1, max + 1] : [min, max];
}
