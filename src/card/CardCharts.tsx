import * as React from 'react';

import { MetricChart } from '../charts/MetricChart';
import { Points } from '../charts/points';
import { Titled } from '../components/heading';
import { Text } from '../components/text';

/** The most telling metrics as charts side by side. */
export function CardCharts(props: {
  charts: readonly Points[];
}): JSX.Element | null {
  return props.charts.length === 0 ? null : (
    <div className="jp-mlws-runcard-charts">
      {props.charts.map(points => (
        <Titled
          key={points.name}
          className="jp-mlws-metrics"
          title={<Text value={points.name} />}
        >
          <MetricChart points={points} count={points.count} />
        </Titled>
      ))}
    </div>
  );
}
