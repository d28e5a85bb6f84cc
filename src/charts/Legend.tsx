import * as React from 'react';

import { Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { DASHES, ILineStyle } from './colours';

/** A piece of a line, as it is drawn in the chart. */
export function Swatch(props: { style: ILineStyle }): JSX.Element {
  return (
    <svg
      className="jp-mlws-chart-swatch"
      width="18"
      height="8"
      aria-hidden="true"
    >
      <path
        d="M0 4H18"
        stroke={`var(--jp-mlws-series-${props.style.colour})`}
        strokeWidth="2"
        strokeDasharray={DASHES[props.style.dash].join(' ')}
      />
    </svg>
  );
}

/** One line of a legend. */
export interface ILegendItem {
  readonly key: string;
  readonly label: string;
  readonly style: ILineStyle;
  /** The value at the cursor, or the newest; '' or undefined where no value belongs here. */
  readonly value?: string;
}

/** Which line is which. One that is pointed at stands out; a click keeps it so. */
export function Legend(props: {
  items: readonly ILegendItem[];
  chosen: string | null;
  onChoose: (key: string | null) => void;
  onPoint: (key: string | null) => void;
}): JSX.Element {
  const trans = useTranslation();
  const { chosen, onChoose, onPoint } = props;
  return (
    <ul className="jp-mlws-chart-legend" aria-label={trans.__('Runs')}>
      {props.items.map(item => (
        <li key={item.key}>
          <button
            type="button"
            aria-pressed={item.key === chosen}
            onClick={() => onChoose(item.key === chosen ? null : item.key)}
            onMouseEnter={() => onPoint(item.key)}
            onMouseLeave={() => onPoint(null)}
            onFocus={() => onPoint(item.key)}
            onBlur={() => onPoint(null)}
          >
            <Swatch style={item.style} />
            <Text value={item.label} />
            {item.value && (
              <span className="jp-mlws-chart-legend-value">{item.value}</span>
            )}
          </button>
        </li>
      ))}
    </ul>
  );
}
