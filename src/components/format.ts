const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/**
 * A size in at most five characters and a unit; or in as many as another format of numbers wants.
 */
export function formatBytes(
  bytes: number,
  format?: (value: number) => string
): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${format?.(value) ?? value.toFixed(digits)} ${UNITS[unit]}`;
}

/**
 * A number as people read metrics: few significant digits, never longer than nine characters.
 */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) {
    return 'NaN';
  }
  if (!Number.isFinite(value)) {
    return value > 0 ? '∞' : '−∞';
  }
  if (value === 0) {
    return '0';
  }
  const magnitude = Math.abs(value);
  if (magnitude >= 1e6 || magnitude < 1e-3) {
    return minus(value.toExponential(2));
  }
  if (Number.isInteger(value)) {
    return minus(String(value));
  }
  const whole = Math.max(1, Math.floor(Math.log10(magnitude)) + 1);
  return minus(value.toFixed(Math.max(0, Math.min(4, 5 - whole))));
}

/** A number on an axis: no zeros that say nothing. */
export function formatTick(value: number): string {
  return formatNumber(value)
    .replace(/(\.\d*?)0+(?=e|$)/, '$1')
    .replace(/\.(?=e|$)/, '');
}

function minus(text: string): string {
  return text.replace(/^-/, '−');
}

/**
 * A duration as a clock (1:04, 2:03:10) up to a day, in days and hours above.
 */
export function formatDuration(seconds: number): string {
  const total = Math.max(0, Math.floor(seconds));
  const days = Math.floor(total / 86400);
  const hours = Math.floor((total % 86400) / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  if (days > 0) {
    return `${days} d ${hours} h`;
  }
  const tail = `${pad(minutes, hours > 0)}:${pad(total % 60, true)}`;
  return hours > 0 ? `${hours}:${tail}` : tail;
}

/**
 * How long something took that is over: what went by in a blink took that long, and not no time.
 */
export function formatTook(seconds: number): string {
  return seconds < 9.95
    ? `${Math.max(0, seconds).toFixed(1)} s`
    : formatDuration(seconds);
}

function pad(value: number, two: boolean): string {
  return two ? String(value).padStart(2, '0') : String(value);
}
