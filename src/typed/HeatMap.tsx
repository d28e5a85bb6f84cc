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
  const [red, green, blue] = colorOf(context, getComputedStyle(canvas).color);
  const size = depths.length;
  const image = context.createImageData(size, size);
  depths.forEach((row, i) =>
    row.forEach((depth, j) => {
      const opacity = depth > 0 ? Math.max(LEAST, depth) : 0;
      image.data.set(
        [red, green, blue, Math.round(opacity * 255)],
        4 * (i * size + j)
      );
    })
  );
  context.putImageData(image, 0, 0);
}

/** A colour of a style sheet, however it is written there, as bytes. */
function colorOf(
  context: CanvasRenderingContext2D,
  color: string
): Uint8ClampedArray {
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  return context.getImageData(0, 0, 1, 1).data;
}
