import * as React from 'react';

import { formatTick } from '../components/format';
import { Domain, Scale, scaleOf, ticksOf } from './scale';

/** An axis: what it shows, and what stands beside it. */
export interface IAxis {
  readonly domain: Domain;
  readonly title: string;
}

export interface IPlotProps {
  x: IAxis;
  y: IAxis;
  /** What the chart shows, in words. */
  label: string;
  /** Told the place under the pointer in the chart's own numbers, null when it left. */
  onHover?: (x: number | null) => void;
  children: (x: Scale, y: Scale) => React.ReactNode;
}

const HEIGHT = 188;
const LEFT = 44;
const RIGHT = 10;
const TOP = 8;
const BOTTOM = 34;

/**
 * Axes around a small drawing in SVG, of fixed height and as wide as there is room.
 */
export function Plot(props: IPlotProps): JSX.Element {
  const { x, y, onHover } = props;
  const host = React.useRef<HTMLDivElement>(null);
  const width = useWidth(host);
  const clip = React.useId();
  const right = width - RIGHT;
  const bottom = HEIGHT - BOTTOM;
  const toX = scaleOf(x.domain, LEFT, right);
  const toY = scaleOf(y.domain, bottom, TOP);
  const onMouseMove = (event: React.MouseEvent<SVGSVGElement>) => {
    const at = event.clientX - event.currentTarget.getBoundingClientRect().left;
    const toValue = scaleOf([LEFT, right], x.domain[0], x.domain[1]);
    onHover?.(at < LEFT - 4 || at > right + 4 ? null : toValue(at));
  };
  return (
    <div ref={host} className="jp-mlws-plot">
      <svg
        width={width}
        height={HEIGHT}
        role="img"
        aria-label={props.label}
        onMouseMove={onHover && onMouseMove}
        onMouseLeave={onHover && (() => onHover(null))}
      >
        <clipPath id={clip}>
          <rect
            x={LEFT - 1}
            y={TOP - 1}
            width={Math.max(0, right - LEFT + 2)}
            height={bottom - TOP + 2}
          />
        </clipPath>
        <Grid x={x} y={y} toX={toX} toY={toY} />
        <g clipPath={`url(#${clip})`}>{props.children(toX, toY)}</g>
        <text
          className="jp-mlws-plot-title"
          x={(LEFT + right) / 2}
          y={HEIGHT - 5}
          textAnchor="middle"
        >
          {x.title}
        </text>
        <text
          className="jp-mlws-plot-title"
          transform={`translate(10 ${(TOP + bottom) / 2}) rotate(-90)`}
          textAnchor="middle"
        >
          {y.title}
        </text>
      </svg>
    </div>
  );
}

function Grid(props: {
  x: IAxis;
  y: IAxis;
  toX: Scale;
  toY: Scale;
}): JSX.Element {
  const { toX, toY } = props;
  const [left, right] = props.x.domain.map(toX);
  const [bottom, top] = props.y.domain.map(toY);
  return (
    <g className="jp-mlws-plot-grid">
      {ticksOf(props.x.domain, Math.max(2, (right - left) / 60)).map(value => (
        <React.Fragment key={value}>
          <path d={`M${toX(value)} ${bottom}V${top}`} />
          <text x={toX(value)} y={bottom + 13} textAnchor="middle">
            {formatTick(value)}
          </text>
        </React.Fragment>
      ))}
      {ticksOf(props.y.domain, 4).map(value => (
        <React.Fragment key={value}>
          <path d={`M${left} ${toY(value)}H${right}`} />
          <text x={left - 5} y={toY(value) + 3} textAnchor="end">
            {formatTick(value)}
          </text>
        </React.Fragment>
      ))}
    </g>
  );
}

/** Width of an element in pixels, followed as it changes. */
export function useWidth(host: React.RefObject<HTMLElement>): number {
  const [width, setWidth] = React.useState(264);
  React.useLayoutEffect(() => {
    const element = host.current;
    if (!element) {
      return;
    }
    const measure = () => {
      if (element.clientWidth > 0) {
        setWidth(Math.max(160, element.clientWidth));
      }
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [host]);
  return width;
}
