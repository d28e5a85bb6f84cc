import * as React from 'react';

import { Plot } from '../charts/Plot';
import { formatNumber } from '../components/format';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';
import { Bars, countDomain } from '../typed/Bars';
import { Chart, Choice } from '../typed/Chart';
import { useCounts } from '../typed/useCounts';
import { ICounted } from './reading';
import { IRidge, Ridges } from './Ridges';

/** A histogram, and those of its name that were logged about the same time. */
export function Histogram(props: {
  name: string;
  histogram: ICounted;
  /** Others beside it, the oldest first, it among them. */
  ridges: readonly IRidge[];
}): JSX.Element {
  const trans = useTranslation();
  const { name, histogram, ridges } = props;
  const [view, setView] = React.useState<'one' | 'steps'>('one');
  const { edges, counts, leftOut } = histogram;
  const told = useCounts(trans, histogram);
  const label = trans.__(
    'Histogram %1: %2 values, most of them from %3',
    escapeControls(name),
    formatNumber(told.total),
    told.mostly
  );
  const all = trans._n('One value', '%1 values', told.total);
  const said =
    leftOut > 0 ? `${all} · ${trans.__('%1 not finite', leftOut)}` : all;
  return (
    <Chart
      label={label}
      numbers={told.numbers}
      head={
        <>
          <span>{told.said(said)}</span>
          {ridges.length > 1 && (
            <Choice
              label={trans.__('View')}
              value={view}
              onChange={setView}
              options={[
                ['one', trans.__('One')],
                ['steps', trans.__('Over steps')]
              ]}
            />
          )}
        </>
      }
    >
      {view === 'steps' && ridges.length > 1 ? (
        <Ridges name={name} ridges={ridges} chosen={histogram} />
      ) : (
        <Plot
          x={{
            domain: [edges[0], edges[edges.length - 1]],
            title: trans.__('Value')
          }}
          y={{ domain: countDomain(counts), title: trans.__('Count') }}
          label={label}
          onHover={told.onHover}
        >
          {(x, y) => (
            <Bars
              edges={edges}
              counts={counts}
              x={x}
              y={y}
              hovered={told.bin}
            />
          )}
        </Plot>
      )}
    </Chart>
  );
}
