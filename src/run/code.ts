import { ManifestEntry } from '../api';

/** A file in two snapshots; null where one has none of this path. */
export interface IFileChange {
  readonly path: string;
  readonly before: ManifestEntry | null;
  readonly after: ManifestEntry | null;
}

/**
 * The files that differ between two snapshots, by path; all files of the one where there is no other.
 */
export function changesBetween(
  before: readonly ManifestEntry[] | null,
  after: readonly ManifestEntry[]
): readonly IFileChange[] {
  if (before === null) {
    return after.map(it => ({ path: it.path, before: null, after: it }));
  }
  const old = new Map(before.map(it => [it.path, it]));
  const changes: IFileChange[] = [];
  for (const it of after) {
    const other = old.get(it.path) ?? null;
    old.delete(it.path);
    if (other === null || other.digest !== it.digest) {
      changes.push({ path: it.path, before: other, after: it });
    }
  }
  for (const it of old.values()) {
    changes.push({ path: it.path, before: it, after: null });
  }
  return changes.sort((a, b) => (a.path < b.path ? -1 : 1));
}
