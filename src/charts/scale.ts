/** A stretch of an axis. */
export type Domain = readonly [low: number, high: number];

/** Places on a stretch of pixels. */
export type Scale = (value: number) => number;

/** A straight scale; the stretch of pixels may run backwards, as heights do. */
export function scaleOf([low, high]: Domain, from: number, to: number): Scale {
  const range = high - low || 1;
  return value => from + ((value - low) / range) * (to - from);
}

/** A scale on which each ten times is as far as the one before; what is not above 0 has no finite place on it. */
export function logarithmicScaleOf(
  [low, high]: Domain,
  from: number,
  to: number
): Scale {
  const scale = scaleOf([Math.log10(low), Math.log10(high)], from, to);
  return value => scale(value > 0 ? Math.log10(value) : -Infinity);
}

/** Round numbers on an axis, about as many as wanted and rather more than fewer. */
export function ticksOf([low, high]: Domain, wanted: number): number[] {
  const rough = (high - low) / Math.max(1, wanted);
  if (!(rough > 0) || !Number.isFinite(rough)) {
    return Number.isFinite(low) ? [low] : [];
  }
  const power = 10 ** Math.floor(Math.log10(rough));
  const step =
    [1, 2, 5, 10].map(it => it * power).find(it => it >= rough * 0.75) ?? rough;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12))
  );
}

/**
 * Round numbers on a logarithmic axis: powers of ten, with what lies between them where there is room for more, and as on
 * a straight axis where it spans so little that hardly any would be left.
 */
export function logarithmicTicksOf(domain: Domain, wanted: number): number[] {
  const [low, high] = domain;
  if (!(low > 0) || !(high > low) || !Number.isFinite(high)) {
    return low > 0 ? [low] : [];
  }
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  const inside = (multiples: number[], every: number) => {
    const found: number[] = [];
    for (let power = first; power <= last; power++) {
      if (power % every === 0) {
        // Written out, as 10 ** -3 is not quite 0.001.
        found.push(...multiples.map(it => Number(`${it}e${power}`)));
      }
    }
    return found.filter(it => it >= low && it <= high);
  };
  for (const multiples of [
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 2, 5],
    [1, 3]
  ]) {
    const found = inside(multiples, 1);
    if (found.length <= wanted && found.length > 1) {
      return found;
    }
  }
  const every = Math.max(1, Math.ceil((last - first) / Math.max(1, wanted)));
  const found = inside([1], every);
  return found.length > 1
    ? found
    : ticksOf(domain, wanted).filter(it => it >= low && it <= high);
}

/** The least stretch that holds the numbers, with some room on each side; what is no number is left out. */
export function domainOf(values: readonly number[], room = 0): Domain {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (Number.isFinite(value)) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  if (low > high) {
    return [0, 1];
  }
  const margin = (high - low) * room || (low === high ? 1 : 0);
  return [low - margin, high + margin];
}

/** A line through the points, broken where one has no place. */
export function linePath(
  points: readonly { x: number; y: number }[],
  x: Scale,
  y: Scale
): string {
  let pen = 'M';
  return points
    .map(point => {
      if (!Number.isFinite(point.x) || !Number.isFinite(point.y)) {
        pen = 'M';
        return '';
      }
      const step = `${pen}${x(point.x).toFixed(1)} ${y(point.y).toFixed(1)}`;
      pen = 'L';
      return step;
    })
    .join('');
}
