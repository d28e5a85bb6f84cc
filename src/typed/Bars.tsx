import * as React from 'react';

import { Domain, domainOf, Scale, scaleOf } from '../charts/scale';
import { IHistogram } from './reading';

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
