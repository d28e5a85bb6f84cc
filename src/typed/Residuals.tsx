import * as React from 'react';

import { Plot } from '../charts/Plot';
import { formatNumber } from '../components/format';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';
import { Bars, countDomain } from './Bars';
import { Chart } from './Chart';
import { IHistogram } from './reading';
import { useCounts } from './useCounts';

/** How far predictions were off, and how often. */
export function Residuals(props: {
  name: string;
  residuals: IHistogram;
}): JSX.Element {
  const trans = useTranslation();
  const { edges, counts } = props.residuals;
  const told = useCounts(trans, props.residuals);
  const label = trans.__(
    'Histogram of the residuals %1: %2 cases, most of them from %3',
    escapeControls(props.name),
    formatNumber(told.total),
    told.mostly
  );
  return (
    <Chart
      label={label}
      numbers={told.numbers}
      head={
        <span>{told.said(trans._n('One case', '%1 cases', told.total))}</span>
      }
    >
      <Plot
        x={{
          domain: [edges[0], edges[edges.length - 1]],
          title: trans.__('Residual')
        }}
        y={{ domain: countDomain(counts), title: trans.__('Count') }}
        label={label}
        onHover={told.onHover}
      >
        {(x, y) => (
          <>
            <Bars {...props.residuals} x={x} y={y} hovered={told.bin} />
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
