import * as React from 'react';

import { RunStatus } from '../api';
import { StatusIcon } from '../components/status';
import { Text } from '../components/text';

/** The first line of a card: which run it is, how it does, where, and what can be done with it. */
export function CardHead(props: {
  run: {
    readonly status: RunStatus;
    readonly number: number;
    readonly experiment: string;
    readonly display_name: string;
  };
  /** How it does, from the most to the least important; '' where there is nothing to say. */
  facts: readonly string[];
  place: React.ReactNode;
  /** The buttons. */
  children?: React.ReactNode;
}): JSX.Element {
  const { run, facts, place, children } = props;
  return (
    <div className="jp-mlws-runcard-head">
      <StatusIcon status={run.status} />
      <span className="jp-mlws-runcard-name">
        <strong>#{run.number}</strong> <Text value={run.experiment} />
        {run.display_name !== '' && (
          <>
            {' · '}
            <Text value={run.display_name} />
          </>
        )}
      </span>
      <span className="jp-mlws-runcard-facts">
        <Text value={facts.filter(fact => fact !== '').join(' · ')} />
      </span>
      <span className="jp-mlws-runcard-place">{place}</span>
      {children}
    </div>
  );
}
