import * as React from 'react';

import { followTheme } from '../charts/theme';

/** A cell that is not empty is to be seen, however few lie in it. */
const LEAST = 0.12;

/** A matrix too large for numbers: a dot for each cell, in the theme's colour. */
export function HeatMap(props: {
  depths: readonly (readonly number[])[];
  label: string;
}): JSX.Element {
  const { depths, label } = props;
  const canvas = React.useRef<HTMLCanvasElement>(null);
  React.useEffect(() => {
    const element = canvas.current;
    if (!element) {
      return;
    }
    draw(element, depths);
    return followTheme(() => draw(element, depths));
  }, [depths]);
  return (
    <canvas
      ref={canvas}
      className="jp-mlws-heat"
      width={depths.length}
      height={depths.length}
      role="img"
      aria-label={label}
    />
  );
}

function draw(
  canvas: HTMLCanvasElement,
  depths: readonly (readonly number[])[]
): void {
  const context = canvas.getContext('2d');
  if (!context) {
    return;
  }
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = getComputedStyle(canvas).color;
  depths.forEach((row, i) =>
    row.forEach((depth, j) => {
      if (depth > 0) {
        context.globalAlpha = Math.max(LEAST, depth);
        context.fillRect(j, i, 1, 1);
      }
    })
  );
}
