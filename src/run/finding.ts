import * as React from 'react';

import { ApiError } from '../api';
import { Curves } from './curves';
import { found } from './metricNames';

/** The server is asked when nobody has typed for so long, in milliseconds. */
const PAUSE = 200;

/** What a search among the names of metrics came to. */
export interface IFinding {
  readonly names: readonly string[];
  /** Whether more names have the words than are listed. */
  readonly isMore: boolean;
  /** Whether the server is still asked for names that are not listed. */
  readonly isSearching: boolean;
  /** Why the server did not answer, where it did not. */
  readonly error: ApiError | null;
}

type Answer = Pick<IFinding, 'names' | 'isMore' | 'error'> & { query: string };

/** Find metrics by words of their names: at once among those that are listed, and soon among the others too. */
export function useFinding(curves: Curves, query: string): IFinding {
  const { names } = curves;
  const isCut = curves.cut !== null && query.trim() !== '';
  const [answer, setAnswer] = React.useState<Answer | null>(null);
  const here = React.useMemo(() => found(names, query), [names, query]);
  React.useEffect(() => {
    if (!isCut) {
      return;
    }
    let isOver = false;
    const timer = setTimeout(() => {
      curves.find(query).then(
        ({ names, isMore }) =>
          isOver || setAnswer({ query, names, isMore, error: null }),
        error => {
          if (!(error instanceof ApiError)) {
            throw error;
          }
          if (!isOver) {
            setAnswer({ query, names: [], isMore: false, error });
          }
        }
      );
    }, PAUSE);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [curves, query, isCut]);
  const own = isCut && answer?.query === query ? answer : null;
  return {
    names: own && !own.error ? own.names : here,
    isMore: own?.isMore ?? false,
    isSearching: isCut && own === null,
    error: own?.error ?? null
  };
}
