import { RunFile } from '../api';
import { IWorkspaceConnection } from '../tokens';

/** So many of the files that a run left are listed. */
export const MOST_FILES = 1000;

/**
 * Files of a run: the first by their names, and whatever their names are, what its cell displayed and returned, and logs.
 *
 * @throws ApiError
 */
export async function readFiles(
  connection: IWorkspaceConnection,
  run: string
): Promise<readonly RunFile[]> {
  const read = (kind: string | null) =>
    connection.request('files.list', { run, kind, limit: MOST_FILES });
  const { items, next_cursor } = await read(null);
  if (next_cursor === null) {
    return items;
  }
  const others = await Promise.all([read('result'), read('log')]);
  return [
    ...items.filter(file => file.kind === 'output'),
    ...others.flatMap(page => page.items)
  ];
}
