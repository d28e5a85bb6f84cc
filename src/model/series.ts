import { decodeSeries } from '../api';
import { Points } from '../charts/points';
import { IWorkspaceConnection } from '../tokens';

/** A series with more points is drawn as so many buckets. */
export const MAX_POINTS = 4000;

/**
 * Read what is new of a metric's points, or the whole of it in buckets where it outgrew the chart.
 *
 * @param points as far as they are here; they take in what was read, unless other ones are returned
 * @param isWanted asked when the answer is here: whether it is still waited for
 * @throws ApiError
 */
export async function readPoints(
  connection: IWorkspaceConnection,
  run: string,
  points: Points,
  isWanted: () => boolean
): Promise<Points> {
  // A first read does not know the size, so it asks for a bounded answer; so does one of a series that outgrew the chart.
  const whole = points.count === 0 || points.isBucketed;
  const bytes = await connection.request('metrics.read', {
    run,
    name: points.name,
    after: whole ? 0 : points.count,
    points: whole ? MAX_POINTS : null
  });
  if (!isWanted()) {
    return points;
  }
  const piece = decodeSeries(bytes);
  if (piece.count > MAX_POINTS && !whole) {
    return readPoints(connection, run, new Points(points.name), isWanted);
  }
  points.add(piece);
  return points;
}
