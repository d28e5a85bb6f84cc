import { formatBytes, formatNumber, formatTick } from '../components/format';

/** What is measured of a run's machine has its unit in its name; what a script logs under a name means what it likes. */
const SIZE = /^system\/.*bytes(_per_s)?$/;
const SHARE = /^system\/.*percent$/;

/** A value of a metric, with its unit where that is known. */
export function valueText(name: string, value: number): string {
  const size = Number.isFinite(value) ? SIZE.exec(name) : null;
  if (size) {
    return formatBytes(value) + (size[1] ? '/s' : '');
  }
  return formatNumber(value) + (SHARE.test(name) ? ' %' : '');
}

/** The same on an axis, where there is little room. */
export function tickText(name: string, value: number): string {
  if (value !== 0 && SIZE.test(name)) {
    return formatBytes(value, formatTick);
  }
  return formatTick(value) + (SHARE.test(name) ? ' %' : '');
}
