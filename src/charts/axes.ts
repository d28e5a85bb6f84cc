import { formatDuration, formatTick } from '../components/format';
import { Axis } from './points';

/**
 * Words at the marks of an axis of x.
 *
 * @param places the marks, in the axis' own numbers; null for one that is passed over
 */
export function xWords(
  axis: Axis,
  places: readonly (number | null)[]
): string[] {
  const apart = distance(places.filter(it => it !== null));
  const word = (place: number) => {
    switch (axis) {
      case 'step':
        return stepWord(place);
      case 'relative':
        return relativeWord(place, apart);
      case 'wall':
        return wallWord(place, apart);
    }
  };
  return places.map(place => (place === null ? '' : word(place)));
}

/**
 * Pass over the marks left of 0 where nothing lies there: steps and times that begin with 0 have no negative ones, though
 * the axis of a lonely point has room on either side.
 */
export function marksFrom(
  places: readonly number[],
  first: number
): (number | null)[] {
  return places.map(place => (place < 0 && first >= 0 ? null : place));
}

/** One place on an axis of x, as exactly as it is known. */
export function xWord(axis: Axis, place: number): string {
  switch (axis) {
    case 'step':
      return Number.isInteger(place) ? String(place) : formatTick(place);
    case 'relative':
      return relativeWord(place, 0.01);
    case 'wall':
      return new Date(place * 1000).toLocaleString();
  }
}

/** Distances between marks that are round where seconds are minutes, hours and days. */
export const RELATIVE_STEPS: number[] = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60,
  120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800,
  432000, 864000, 1728000, 4320000, 8640000
];

const ROUND = [1, 2, 5];
const WHOLE = Array.from({ length: 17 }, (_, power) =>
  ROUND.map(it => it * 10 ** power)
).flat();
const PARTS = [3, 2, 1].flatMap(power =>
  ROUND.map(it => Number(`${it}e-${power}`))
);

/** Distances between marks of steps, which are whole unless one looks closer than at two of them. */
export function stepDistances(low: number, high: number): number[] {
  return high - low < 1 ? PARTS : WHOLE;
}

function distance(places: readonly number[]): number {
  return places.length > 1 ? places[1] - places[0] : 1;
}

const UNITS = [
  { from: 1e9, size: 1e9, unit: 'G' },
  { from: 1e6, size: 1e6, unit: 'M' },
  { from: 1e4, size: 1e3, unit: 'k' }
];

/** Large steps in thousands and millions, where these say all of it. */
function stepWord(step: number): string {
  const found = UNITS.find(
    ({ from, size }) =>
      Math.abs(step) >= from && Number.isInteger((step / size) * 100)
  );
  return found
    ? `${formatTick(step / found.size)}${found.unit}`
    : formatTick(step);
}

function relativeWord(seconds: number, apart: number): string {
  if (apart < 1 || Math.abs(seconds) < 60) {
    const digits = Math.max(0, Math.min(3, Math.ceil(-Math.log10(apart))));
    return `${formatTick(Number(seconds.toFixed(digits)))} s`;
  }
  return seconds < 0 ? `−${formatDuration(-seconds)}` : formatDuration(seconds);
}

function wallWord(seconds: number, apart: number): string {
  const date = new Date(seconds * 1000);
  if (apart >= 86400) {
    return date.toLocaleDateString([], { month: 'short', day: 'numeric' });
  }
  return date.toLocaleTimeString([], {
    hour: '2-digit',
    minute: '2-digit',
    ...(apart < 60 ? { second: '2-digit' } : {}),
    hour12: false
  });
}
