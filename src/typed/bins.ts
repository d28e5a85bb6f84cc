/** Index of the bin that holds a value; null outside of all. */
export function binAt(edges: readonly number[], value: number): number | null {
  const after = edges.findIndex(edge => edge > value);
  if (after < 0) {
    return value === edges[edges.length - 1] ? edges.length - 2 : null;
  }
  return after === 0 ? null : after - 1;
}

/** Index of the largest count. */
export function mostFrequent(counts: readonly number[]): number {
  return counts.reduce((best, it, i) => (it > counts[best] ? i : best), 0);
}

/** Sum of the counts that are numbers. */
export function totalOf(counts: readonly number[]): number {
  return counts.reduce((sum, it) => sum + (Number.isFinite(it) ? it : 0), 0);
}

/** Middles of bins. */
export function middlesOf(edges: readonly number[]): number[] {
  return edges.slice(1).map((edge, i) => (edge + edges[i]) / 2);
}
