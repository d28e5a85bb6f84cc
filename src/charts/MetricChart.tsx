import * as React from 'react';

import { LineChart } from './LineChart';
import { Points } from './points';
import { PointsSource } from './source';
import { ChartView } from './view';

/**
 * The chart of one metric whose points somebody else reads.
 */
export function MetricChart(props: {
  points: Points;
  /** Changes whenever the points do. */
  count: number;
  /** What the charts beside it share; without one it is for itself. */
  view?: ChartView;
}): JSX.Element {
  const { points, count } = props;
  const [source] = React.useState(() => new PointsSource(points));
  const [own] = React.useState(() => new ChartView());
  React.useEffect(() => source.setPoints(points), [source, points, count]);
  return <LineChart source={source} view={props.view ?? own} />;
}
