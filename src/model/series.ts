import { decodeSeries } from '../api';
import { MAX_ROWS, Points } from '../charts/points';
import { IWorkspaceConnection } from '../tokens';

/** An answer has no more rows of a series than these: more are drawn as buckets. */
export const MAX_POINTS = MAX_ROWS;

/**
 * Read what is new of a metric's points: all of them where none are here, and no more rows than a chart can show.
 *
 * @param points as far as they are here; they take in what was read
 * @param isWanted asked when the answer is here: whether it is still waited for
 * @throws ApiError
 */
export async function readPoints(
  connection: IWorkspaceConnection,
  run: string,
  points: Points,
  isWanted: () => boolean
): Promise<Points> {
  const bytes = await connection.request('metrics.read', {
    run,
    name: points.name,
    after: points.count,
    points: MAX_POINTS
  });
  if (isWanted()) {
    points.add(decodeSeries(bytes));
  }
  return points;
}
