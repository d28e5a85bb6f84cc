import { DASHES, ILineStyle } from './colours';

const MARGIN = 12;
const TITLE = 22;
const LINE = 16;
const SWATCH = 20;

export interface IPictureParts {
  readonly title: string;
  /** Of several lines which is which. */
  readonly legend: readonly { label: string; style: ILineStyle }[];
}

/** The chart in `host` as a picture: title, drawing and legend on the paper of the theme. */
export function pictureOf(
  host: HTMLElement,
  chart: HTMLCanvasElement,
  parts: IPictureParts
): HTMLCanvasElement {
  const style = getComputedStyle(host);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const ratio = chart.width / chart.clientWidth || 1;
  const picture = document.createElement('canvas');
  const brush = picture.getContext('2d')!;
  const width = chart.clientWidth + 2 * MARGIN;
  const font = `12px ${style.fontFamily}`;
  brush.font = font;
  const places = placesOf(parts, width - 2 * MARGIN, text =>
    Math.ceil(brush.measureText(text).width)
  );
  const legend = places.length > 0 ? places[places.length - 1].y + LINE : 0;
  const height = TITLE + chart.clientHeight + legend + 2 * MARGIN;
  picture.width = Math.round(width * ratio);
  picture.height = Math.round(height * ratio);
  brush.scale(ratio, ratio);
  brush.fillStyle = colour('--jp-layout-color1') || 'white';
  brush.fillRect(0, 0, width, height);
  brush.fillStyle = colour('--jp-ui-font-color1') || 'black';
  brush.font = `600 13px ${style.fontFamily}`;
  brush.textBaseline = 'top';
  brush.fillText(parts.title, MARGIN, MARGIN, width - 2 * MARGIN);
  brush.drawImage(
    chart,
    MARGIN,
    MARGIN + TITLE,
    chart.clientWidth,
    chart.clientHeight
  );
  brush.font = font;
  brush.translate(MARGIN, MARGIN + TITLE + chart.clientHeight);
  for (const { x, y, label, style: line } of places) {
    brush.strokeStyle = colour(`--jp-mlws-series-${line.colour}`);
    brush.lineWidth = 2;
    brush.setLineDash([...DASHES[line.dash]]);
    brush.beginPath();
    brush.moveTo(x, y + LINE / 2);
    brush.lineTo(x + SWATCH - 4, y + LINE / 2);
    brush.stroke();
    brush.fillText(label, x + SWATCH, y + 2);
  }
  return picture;
}

/** Where the parts of a legend stand, in rows as wide as the picture. */
export function placesOf(
  { legend }: IPictureParts,
  width: number,
  measure: (text: string) => number
): { x: number; y: number; label: string; style: ILineStyle }[] {
  let [x, y] = [0, 0];
  return legend.map(({ label, style }) => {
    const needs = SWATCH + measure(label) + 14;
    if (x > 0 && x + needs > width) {
      [x, y] = [0, y + LINE];
    }
    const place = { x, y, label, style };
    x += needs;
    return place;
  });
}

/** The bytes of a picture. */
export async function pngOf(picture: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    picture.toBlob(
      blob => (blob ? resolve(blob) : reject(new Error('no picture'))),
      'image/png'
    );
  });
}

/** Offer bytes as a file. */
export function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser takes the bytes after this turn of the event loop.
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}
