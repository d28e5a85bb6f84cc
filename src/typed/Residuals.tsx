import * as React from 'react';

import { Plot } from '../charts/Plot';
import { Domain, domainOf, scaleOf, Scale } from '../charts/scale';
import { formatNumber } from '../components/format';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';
import { Chart } from './Chart';
import { binAt, mostFrequent, totalOf } from './bins';
import { IHistogram } from './reading';

/** How far predictions were off, and how often. */
export function Residuals(props: {
  name: string;
  residuals: IHistogram;
}): JSX.Element {
  const trans = useTranslation();
  const { edges, counts } = props.residuals;
  const [hovered, setHovered] = React.useState<number | null>(null);
  const bin = hovered === null ? null : binAt(edges, hovered);
  const total = totalOf(counts);
  const most = mostFrequent(counts);
  const range = (i: number) =>
    trans.__('%1 to %2', formatNumber(edges[i]), formatNumber(edges[i + 1]));
  const label = trans.__(
    'Histogram of the residuals %1: %2 cases, most of them from %3',
    escapeControls(props.name),
    formatNumber(total),
    range(most)
  );
  return (
    <Chart
      label={label}
      numbers={() => ({
        columns: [trans.__('From'), trans.__('To'), trans.__('Count')],
        cells: [edges.slice(0, -1), edges.slice(1), counts],
        rowCount: counts.length
      })}
      head={
        <span>
          {bin === null
            ? trans._n('One case', '%1 cases', total)
            : `${range(bin)}: ${formatNumber(counts[bin])}`}
        </span>
      }
    >
      <Plot
        x={{
          domain: [edges[0], edges[edges.length - 1]],
          title: trans.__('Residual')
        }}
        y={{ domain: countDomain(counts), title: trans.__('Count') }}
        label={label}
        onHover={setHovered}
      >
        {(x, y) => (
          <>
            <Bars {...props.residuals} x={x} y={y} hovered={bin} />
            <path
              className="jp-mlws-plot-ideal"
              d={`M${x(0)} ${y(0)}V${y(countDomain(counts)[1])}`}
            />
          </>
        )}
      </Plot>
    </Chart>
  );
}

/** Bars of a histogram. */
export function Bars(
  props: IHistogram & {
    x: Scale;
    y: Scale;
    hovered?: number | null;
    className?: string;
  }
): JSX.Element {
  const { edges, counts, x, y, hovered = null } = props;
  return (
    <g className={props.className ?? 'jp-mlws-plot-bars'}>
      {counts.map((count, i) => {
        const left = x(edges[i]);
        const width = x(edges[i + 1]) - left;
        const top = y(count > 0 ? count : 0);
        return (
          <rect
            key={i}
            className={i === hovered ? 'jp-mod-hovered' : undefined}
            data-count={count}
            x={left}
            y={top}
            width={Math.max(0.5, width - (width > 4 ? 1 : 0))}
            height={Math.max(0, y(0) - top)}
          />
        );
      })}
    </g>
  );
}

export function countDomain(counts: readonly number[]): Domain {
  return [0, Math.max(1, domainOf(counts)[1] * 1.05)];
}

/** Counts in the lowest part of a chart that shows something else. */
export function lowScale(counts: readonly number[], y: Scale, low: number) {
  return scaleOf(countDomain(counts), y(low), y(low) - 28);
}
