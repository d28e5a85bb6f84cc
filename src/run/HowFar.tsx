import * as React from 'react';

import { Progress, Run, toNumber } from '../api';
import { progressText } from '../card/words';
import { Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { hasEnded } from '../runs/status';

/** How far a run is, as the progress bar of its own output says. */
export function HowFar(props: { run: Run }): JSX.Element | null {
  const { progress } = props.run;
  return progress === null || hasEnded(props.run) ? null : (
    <Meter progress={progress} />
  );
}

/** A progress bar with its numbers. */
export function Meter(props: { progress: Progress }): JSX.Element {
  const trans = useTranslation();
  const { progress } = props;
  const current = toNumber(progress.current);
  const total = progress.total === null ? null : toNumber(progress.total);
  const label = progressText(trans, progress);
  return (
    <div className="jp-mlws-how-far">
      {total !== null && total > 0 && (
        <div
          className="jp-mlws-how-far-bar"
          role="progressbar"
          aria-label={trans.__('Progress')}
          aria-valuemin={0}
          aria-valuemax={total}
          aria-valuenow={current}
          aria-valuetext={label}
        >
          <div
            style={{ width: `${(100 * Math.min(current, total)) / total}%` }}
          />
        </div>
      )}
      <Text value={label} />
    </div>
  );
}
