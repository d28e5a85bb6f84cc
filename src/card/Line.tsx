import * as React from 'react';

import { Text } from '../components/text';
import { useTranslation } from '../components/translation';

/** Names and values in a line, and how many there are more. */
export function Line(props: {
  title: string;
  pairs: readonly (readonly [string, string])[];
  /** So many are shown; all that are given where it is left out. */
  most?: number;
  /** Of those that are not given at all. */
  more?: number;
  /** Whether there are even more, nobody knows how many. */
  isCut?: boolean;
}): JSX.Element | null {
  const trans = useTranslation();
  const { pairs, isCut } = props;
  const shown = pairs.slice(0, props.most);
  const more = pairs.length - shown.length + (props.more ?? 0);
  return pairs.length === 0 ? null : (
    <p className="jp-mlws-runcard-line">
      <span>{props.title}</span>
      {shown.map(([name, value]) => (
        <span key={name} className="jp-mlws-runcard-pair">
          <Text value={name} /> <Text className="jp-mlws-value" value={value} />
        </span>
      ))}
      {more > 0 && (
        <span>{isCut ? trans.__('(+%1 and more)', more) : `(+${more})`}</span>
      )}
    </p>
  );
}
