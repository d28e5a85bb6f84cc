import * as React from 'react';

import { Plot } from '../charts/Plot';
import { Scale } from '../charts/scale';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';
import { ICounted } from './reading';

/** A histogram of a series, and what stands at its side. */
export interface IRidge {
  readonly step: number;
  readonly histogram: ICounted;
}

/** How many ridges a ridge may be high, so that those behind it are still seen. */
const OVERLAP = 3;

/** Histograms one behind another, the newest in front: how a distribution moved. */
export function Ridges(props: {
  name: string;
  ridges: readonly IRidge[];
  /** The one that is looked at, which stands out. */
  chosen: ICounted;
}): JSX.Element {
  const trans = useTranslation();
  const { ridges, chosen } = props;
  const low = Math.min(...ridges.map(it => it.histogram.edges[0]));
  const high = Math.max(...ridges.map(it => it.histogram.edges.slice(-1)[0]));
  const first = ridges[0].step;
  const last = ridges[ridges.length - 1].step;
  const label = trans.__(
    'Histograms of %1 from step %2 to step %3',
    escapeControls(props.name),
    first,
    last
  );
  const count = ridges.length;
  return (
    <Plot
      x={{ domain: [low, high], title: trans.__('Value') }}
      // The newest stands at the bottom, in front of the others.
      y={{ domain: [-0.2, count - 1 + OVERLAP], title: trans.__('Values ago') }}
      label={label}
    >
      {(x, y) => (
        <g className="jp-mlws-ridges">
          {ridges.map(({ step, histogram }, i) => (
            <path
              key={i}
              data-step={step}
              className={
                isSame(histogram, chosen) ? 'jp-mod-chosen' : undefined
              }
              d={ridgePath(histogram, count - 1 - i, x, y)}
            >
              <title>{trans.__('step %1', step)}</title>
            </path>
          ))}
        </g>
      )}
    </Plot>
  );
}

/** Whether two are of the same value: each time it is read anew. */
function isSame(one: ICounted, other: ICounted): boolean {
  return (
    one.edges.join() === other.edges.join() &&
    one.counts.join() === other.counts.join()
  );
}

/** The outline of a histogram that stands so high; what counts is the density, for bins have any width. */
export function ridgePath(
  { edges, counts }: ICounted,
  base: number,
  x: Scale,
  y: Scale
): string {
  const densities = counts.map((it, i) => it / (edges[i + 1] - edges[i]));
  const most = Math.max(...densities) || 1;
  const steps = densities.map((density, i) => {
    const top = y(base + (density / most) * OVERLAP).toFixed(1);
    return `V${top}H${x(edges[i + 1]).toFixed(1)}`;
  });
  const ground = y(base).toFixed(1);
  return `M${x(edges[0]).toFixed(1)} ${ground}${steps.join('')}V${ground}Z`;
}
