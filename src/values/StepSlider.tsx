import * as React from 'react';

import { useTranslation } from '../components/translation';

/** Which value of a series is shown, by a slider and the arrow keys; nothing where there is but one. */
export function StepSlider(props: {
  name: string;
  place: number;
  count: number;
  /** What the value was logged with; null until it is known, or where there was none. */
  step: number | null;
  onShow: (place: number) => void;
}): JSX.Element | null {
  const trans = useTranslation();
  const { place, count, step } = props;
  if (count <= 1) {
    return null;
  }
  const of = trans.__('%1 of %2', format(place + 1), format(count));
  const said = step === null ? of : `${trans.__('step %1', step)} · ${of}`;
  return (
    <div className="jp-mlws-steps">
      <input
        type="range"
        min={0}
        max={count - 1}
        value={place}
        aria-label={trans.__('Which value of %1', props.name)}
        aria-valuetext={said}
        onChange={event => props.onShow(event.currentTarget.valueAsNumber)}
      />
      <span>{said}</span>
    </div>
  );
}

function format(count: number): string {
  return count.toLocaleString('en');
}
