import * as React from 'react';

const WIDTH = 34;
const HEIGHT = 14;

/** The course of a metric in the room of a word; beside it stands the number, so it is for the eye only. */
export function Sparkline(props: {
  values: readonly number[];
}): JSX.Element | null {
  const path = pathOf(props.values);
  return path === '' ? null : (
    <svg
      className="jp-mlws-sparkline"
      width={WIDTH}
      height={HEIGHT}
      aria-hidden="true"
    >
      <path d={path} />
    </svg>
  );
}

/** The line through the values, broken where one is no number. */
export function pathOf(values: readonly number[]): string {
  const finite = values.filter(Number.isFinite);
  if (finite.length < 2) {
    return '';
  }
  const low = Math.min(...finite);
  const range = Math.max(...finite) - low || 1;
  let pen = 'M';
  return values
    .map((value, i) => {
      if (!Number.isFinite(value)) {
        pen = 'M';
        return '';
      }
      const x = 1 + (i / (values.length - 1)) * (WIDTH - 2);
      const y = HEIGHT - 2 - ((value - low) / range) * (HEIGHT - 4);
      const point = `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
      pen = 'L';
      return point;
    })
    .join('');
}
