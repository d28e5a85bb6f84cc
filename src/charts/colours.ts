/** How the line of a run is drawn: its colour by its place in the palette, and its pattern. */
export interface ILineStyle {
  /** Place in the palette, from 0. */
  readonly colour: number;
  /** Place among the patterns, from 0, which is an unbroken line. */
  readonly dash: number;
}

/**
 * Colours that differ for everybody, also where two cones do the work of three, and stand out from the paper of the
 * theme. The first one is the theme's own.
 */
export const PALETTES = {
  light: [
    '#1976d2',
    '#d9630a',
    '#0a7f62',
    '#c03a8c',
    '#6322c3',
    '#54743e',
    '#2b3338',
    '#6b1d1d'
  ],
  dark: [
    '#42a5f5',
    '#ff8f3d',
    '#3fc49a',
    '#e67cc3',
    '#d8d45a',
    '#e6e6f0',
    '#d93e26',
    '#2d8674'
  ]
} as const;

export const COLOURS = PALETTES.light.length;

/** Pixels of line and gap in turns. */
export const DASHES: readonly (readonly number[])[] = [
  [],
  [6, 3],
  [2, 3],
  [9, 3, 2, 3]
];

/** The style where a chart shows a single run. */
export const ALONE: ILineStyle = { colour: 0, dash: 0 };

/**
 * The styles of runs, by their numbers. A run has the colour of its number wherever it is shown; of two that claim the same
 * one the older has it, so that a newer run never changes the look of those that were there.
 */
export function stylesOf(
  numbers: readonly number[]
): ReadonlyMap<number, ILineStyle> {
  const places = COLOURS * DASHES.length;
  const taken = new Set<number>();
  const styles = new Map<number, ILineStyle>();
  for (const number of [...new Set(numbers)].sort((a, b) => a - b)) {
    const place = freePlace(number, taken);
    taken.add(place);
    if (taken.size === places) {
      taken.clear();
    }
    styles.set(number, {
      colour: place % COLOURS,
      dash: Math.floor(place / COLOURS)
    });
  }
  return styles;
}

/** The first place from a run's own on that no other has: first among the unbroken lines, then among the patterns. */
function freePlace(number: number, taken: ReadonlySet<number>): number {
  const own = (((number - 1) % COLOURS) + COLOURS) % COLOURS;
  for (let dash = 0; dash < DASHES.length; dash++) {
    for (let i = 0; i < COLOURS; i++) {
      const place = dash * COLOURS + ((own + i) % COLOURS);
      if (!taken.has(place)) {
        return place;
      }
    }
  }
  return own;
}
