import { Run } from '../api';
import { FakeServer, WORKSPACE } from './server';

/** The route of the lines of a list. */
export const LINES = `GET ${WORKSPACE}/run-lines`;

/**
 * Answer questions for lines of runs as the server does, so far as pages, parents and ids go.
 *
 * @param runs all that there are at the moment, children too
 */
export function serveRuns(
  server: FakeServer,
  runs: () => readonly Run[],
  workspace = WORKSPACE
): void {
  server.on(`GET ${workspace}/run-lines`, ({ query }) => {
    const ids = query.ids?.split(',');
    const found = runs()
      .filter(run =>
        query.parent
          ? run.parent_id === query.parent
          : run.parent_id === null || query.include_children === 'true'
      )
      .filter(run => ids?.includes(run.id) ?? true)
      .sort((a, b) => b.number - a.number);
    const start = Number(query.cursor ?? 0);
    const end = start + Number(query.limit ?? 100);
    return {
      json: {
        items: found.slice(start, end),
        next_cursor: end < found.length ? String(end) : null,
        total: query.cursor === undefined ? found.length : null,
        for_those_below: []
      }
    };
  });
}
