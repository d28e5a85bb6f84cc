import { IPoll } from '@lumino/polling';

import { ApiError } from '../api';
import { ConnectionState } from '../tokens';

/** Events tell of what happens, and the poll looks for what they lost. */
export const CALM = { backoff: true, interval: 5000, max: 30000 };
/** Somebody waits for the server to come back. */
const HURRIED = { backoff: 1.5, interval: 500, max: 4000 };
/** The event stream is closed, as behind a proxy that lets no sockets through: the poll does its work. */
const POLLING = { backoff: true, interval: 1000, max: 30000 };
/** The server answers, and cannot read the workspace: its disk or its database may come back. */
const AWAY = { backoff: true, interval: 2000, max: 10000 };
/** A workspace that is not known here, as of a notebook from elsewhere: it may come, and nobody waits for it. */
const STRANGE = { backoff: true, interval: 10000, max: 60000 };

/**
 * How often to look for changes.
 *
 * @param isAlone no events come, or it is not certain that they do
 * @param isUnknown nothing was ever heard of the workspace that was asked for
 */
export function pace(
  state: ConnectionState,
  error: ApiError | null,
  { isAlone, isUnknown }: { isAlone: boolean; isUnknown: boolean }
): IPoll.Frequency {
  if (state === 'lost') {
    return HURRIED;
  }
  if (error !== null && mayComeBack(error)) {
    return isUnknown && error.code === 'not_found' ? STRANGE : AWAY;
  }
  return isAlone ? POLLING : CALM;
}

/** Whether nobody answered, or a proxy did in the server's stead. */
export function isNetworkFailure(error: unknown): error is ApiError {
  return (
    error instanceof ApiError &&
    (error.code === 'network' ||
      (error.code === 'http_error' && [502, 503, 504].includes(error.status)))
  );
}

/** Whether the same question may be answered later: a disk may be mounted, a database started again. */
export function mayComeBack({ code, status }: ApiError): boolean {
  return code === 'not_found' || status >= 500;
}
