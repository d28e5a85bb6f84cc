import * as React from 'react';

import { ApiError, ManifestEntry } from '../api';
import { IWorkspaceConnection } from '../tokens';

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

interface IManifest {
  readonly snapshot: string | null;
  /** Null until they are here. */
  readonly files: readonly ManifestEntry[] | null;
  readonly error: ApiError | null;
}

/** The files of a snapshot; none where there is no snapshot. */
export function useManifest(
  connection: IWorkspaceConnection,
  snapshot: string | null
): IManifest {
  const none = { snapshot, files: null, error: null };
  const [manifest, setManifest] = React.useState<IManifest>(none);
  React.useEffect(() => {
    let gone = false;
    const read = async () => {
      const found = await readManifest(connection, snapshot);
      if (!gone) {
        setManifest(found);
      }
    };
    void read();
    return () => {
      gone = true;
    };
  }, [connection, snapshot]);
  // What was read of another snapshot says nothing of this one.
  return manifest.snapshot === snapshot ? manifest : none;
}

async function readManifest(
  connection: IWorkspaceConnection,
  snapshot: string | null
): Promise<IManifest> {
  try {
    const files = await readFiles(connection, snapshot);
    return { snapshot, files, error: null };
  } catch (error) {
    if (!(error instanceof ApiError)) {
      throw error;
    }
    return { snapshot, files: null, error };
  }
}

async function readFiles(
  connection: IWorkspaceConnection,
  snapshot: string | null
): Promise<readonly ManifestEntry[]> {
  return snapshot === null
    ? []
    : (await connection.request('snapshots.get', { snapshot })).entries;
}
