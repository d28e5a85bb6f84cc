import * as React from 'react';

import { formatNumber } from '../components/format';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';
import type { IChart } from './chart';
import type { Points } from './points';
import { followTheme } from './theme';

const HEIGHT = 168;

/**
 * A metric over its steps, of fixed height. The drawing library is fetched when the first chart is wanted.
 */
export function MetricChart(props: {
  points: Points;
  /** Changes whenever the points do. */
  count: number;
}): JSX.Element {
  const { points, count } = props;
  const host = React.useRef<HTMLDivElement>(null);
  const [hovered, setHovered] = React.useState<number | null>(null);
  const chart = useChart(host, setHovered);

  React.useEffect(() => {
    chart?.setData(points.data);
    mark(host.current, points);
  }, [chart, points, count]);

  return (
    <figure className="jp-mlws-chart">
      <Readout points={points} index={hovered} />
      <div
        ref={host}
        className="jp-mlws-chart-host"
        style={{ height: HEIGHT }}
        role="img"
        aria-label={useSummary(points)}
      />
    </figure>
  );
}

/** Leave on the element what it draws, for assistive tools and tests that cannot read a canvas. */
function mark(element: HTMLElement | null, points: Points): void {
  if (element) {
    element.dataset.count = String(points.count);
    element.dataset.last = String(points.last);
  }
}

function Readout(props: { points: Points; index: number | null }): JSX.Element {
  const trans = useTranslation();
  const { points, index } = props;
  const { x, y } = points.data;
  const inside = index !== null && index < x.length;
  const value = inside ? (y[index] ?? NaN) : points.last;
  const step = inside ? x[index] : points.lastStep;
  return (
    <figcaption className="jp-mlws-chart-readout">
      <span className="jp-mlws-chart-value">
        {points.count > 0 ? formatNumber(value) : '–'}
      </span>
      <span className="jp-mlws-chart-step">
        {points.count > 0 ? trans.__('step %1', formatNumber(step)) : ''}
      </span>
    </figcaption>
  );
}

function useSummary(points: Points): string {
  const trans = useTranslation();
  const name = escapeControls(points.name);
  if (points.count === 0) {
    return trans.__('Chart of %1, no points yet', name);
  }
  return trans._n(
    'Chart of %2: one point, %3 at step %4',
    'Chart of %2: %1 points, last %3 at step %4',
    points.count,
    name,
    formatNumber(points.last),
    formatNumber(points.lastStep)
  );
}

/** The chart in the host, as wide as it; null until the library is here. */
function useChart(
  host: React.RefObject<HTMLDivElement>,
  onHover: (index: number | null) => void
): IChart | null {
  const [chart, setChart] = React.useState<IChart | null>(null);
  React.useEffect(() => {
    let made: IChart | null = null;
    let gone = false;
    const stop: (() => void)[] = [];
    void import('./chart').then(({ createChart }) => {
      const element = host.current;
      if (gone || !element) {
        return;
      }
      const width = Math.max(120, element.clientWidth);
      made = createChart(element, { width, height: HEIGHT, onHover });
      stop.push(
        followWidth(element, made),
        followTheme(() => made?.redraw())
      );
      setChart(made);
    });
    return () => {
      gone = true;
      stop.forEach(undo => undo());
      made?.dispose();
      setChart(null);
    };
  }, [host, onHover]);
  return chart;
}

function followWidth(element: HTMLElement, chart: IChart): () => void {
  const observer = new ResizeObserver(() => {
    if (element.clientWidth > 0) {
      chart.setWidth(element.clientWidth);
    }
  });
  observer.observe(element);
  return () => observer.disconnect();
}
