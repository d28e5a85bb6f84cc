/** What a run's machine did is measured under this name; it stands below what the run itself logged. */
export const SYSTEM = 'system/';

/** The record of a run has so many of its metrics: the others are asked for. */
export const IN_RECORD = 100;

/** Metrics that stand together: what their names have before the first slash. */
export interface IMetricGroup {
  /** '' for those that have no slash. */
  readonly name: string;
  readonly metrics: readonly string[];
}

/** Metrics by their groups: those without one first, those of the machine last, all others in their own order. */
export function groupsOf(names: readonly string[]): IMetricGroup[] {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const slash = name.indexOf('/');
    const group = slash > 0 ? name.slice(0, slash) : '';
    const known = groups.get(group);
    if (known) {
      known.push(name);
    } else {
      groups.set(group, [name]);
    }
  }
  const rank = (name: string) =>
    name === '' ? 0 : `${name}/` === SYSTEM ? 2 : 1;
  return [...groups]
    .map(([name, metrics]) => ({ name, metrics }))
    .sort((a, b) => rank(a.name) - rank(b.name));
}

/** Names that hold every word of a query, whatever their case. */
export function found(names: readonly string[], query: string): string[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return names.filter(name => {
    const lower = name.toLowerCase();
    return words.every(word => lower.includes(word));
  });
}

/** Names once each: those that are known in an order first, then the others as a person sorts them. */
export function merged(
  ordered: readonly string[],
  others: readonly string[]
): string[] {
  const known = new Set(ordered);
  const rest = [...new Set(others)].filter(name => !known.has(name));
  return [...known, ...rest.sort(COLLATOR.compare)];
}

const COLLATOR = new Intl.Collator('en', { numeric: true });
