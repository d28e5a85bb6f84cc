import * as React from 'react';

import { Plot } from '../charts/Plot';
import { domainOf, linePath, Scale } from '../charts/scale';
import { formatNumber } from '../components/format';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';
import { binAt, middlesOf, totalOf } from './bins';
import { Chart } from './Chart';
import { IPredictions } from './reading';
import { Bars, lowScale } from './Bars';

/** What was predicted, on average, where the truth was so much; a perfect model lies on the diagonal. */
export function Predictions(props: {
  name: string;
  predictions: IPredictions;
}): JSX.Element {
  const trans = useTranslation();
  const { edges, averages, errors, counts } = props.predictions;
  const [hovered, setHovered] = React.useState<number | null>(null);
  const middles = React.useMemo(() => middlesOf(edges), [edges]);
  const bin = hovered === null ? null : binAt(edges, hovered);
  const domain = domainOf(
    averages.flatMap((y, i) => [y - or0(errors[i]), y, y + or0(errors[i])])
  );
  const x = { domain: endsOf(edges), title: trans.__('True value') };
  const y = {
    domain: domainOf([...domain, ...x.domain], 0.03),
    title: trans.__('Predicted')
  };
  const label = trans.__(
    'Predictions %1: mean over the true value, with its error, in %2 bins',
    escapeControls(props.name),
    averages.length
  );
  return (
    <Chart
      label={label}
      numbers={() => ({
        columns: [
          trans.__('From'),
          trans.__('To'),
          trans.__('Mean'),
          trans.__('Error'),
          trans.__('Count')
        ],
        cells: [edges.slice(0, -1), edges.slice(1), averages, errors, counts],
        rowCount: averages.length
      })}
      head={
        <span>
          {bin === null
            ? trans._n('One case', '%1 cases', totalOf(counts))
            : trans.__(
                'True %1: predicted %2 ± %3',
                formatNumber(middles[bin]),
                formatNumber(averages[bin]),
                formatNumber(errors[bin])
              )}
        </span>
      }
    >
      <Plot x={x} y={y} label={label} onHover={setHovered}>
        {(toX, toY) => (
          <>
            <Bars
              edges={edges}
              counts={counts}
              x={toX}
              y={lowScale(counts, toY, y.domain[0])}
              className="jp-mlws-plot-low"
            />
            <Band {...props.predictions} middles={middles} x={toX} y={toY} />
            <path
              className="jp-mlws-plot-ideal"
              d={linePath(
                x.domain.map(it => ({ x: it, y: it })),
                toX,
                toY
              )}
            />
            <path
              className="jp-mlws-plot-line"
              data-points={averages.length}
              d={linePath(
                middles.map((it, i) => ({ x: it, y: averages[i] })),
                toX,
                toY
              )}
            />
            {middles.map(
              (it, i) =>
                Number.isFinite(averages[i]) && (
                  <circle
                    key={i}
                    className="jp-mlws-plot-mark"
                    cx={toX(it)}
                    cy={toY(averages[i])}
                    r={i === bin ? 3.5 : 2}
                  />
                )
            )}
          </>
        )}
      </Plot>
    </Chart>
  );
}

/** How far the predictions of neighbouring bins spread; broken where a bin is empty. */
function Band(
  props: IPredictions & { middles: readonly number[]; x: Scale; y: Scale }
): JSX.Element {
  const { averages, errors, middles, x, y } = props;
  const d = middles
    .slice(1)
    .map((_, i) => {
      const [a, b] = [i, i + 1];
      if (![averages[a], averages[b]].every(Number.isFinite)) {
        return '';
      }
      const at = (bin: number, sign: number) =>
        `${x(middles[bin]).toFixed(1)} ${y(averages[bin] + sign * or0(errors[bin])).toFixed(1)}`;
      return `M${at(a, 1)}L${at(b, 1)}L${at(b, -1)}L${at(a, -1)}Z`;
    })
    .join('');
  return <path className="jp-mlws-plot-band" d={d} />;
}

function or0(error: number): number {
  return Number.isFinite(error) ? Math.abs(error) : 0;
}

function endsOf(edges: readonly number[]): readonly [number, number] {
  return [edges[0], edges[edges.length - 1]];
}
