import * as React from 'react';

import { Text } from './text';

/** Names with what belongs to them. Strings may be what others wrote. */
export function PairList(props: {
  pairs: readonly (readonly [string, React.ReactNode])[];
}): JSX.Element {
  return (
    <dl className="jp-mlws-pairs">
      {props.pairs.map(([name, value]) => (
        <React.Fragment key={name}>
          <dt>
            <Text value={name} />
          </dt>
          <dd>{typeof value === 'string' ? <Text value={value} /> : value}</dd>
        </React.Fragment>
      ))}
    </dl>
  );
}
