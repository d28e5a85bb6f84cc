import * as React from 'react';

import { ApiError } from '../api';

/** Gives the bytes of a file of the run. */
export type Load = (file: string) => Promise<ArrayBuffer>;

export interface ILoaded<T> {
  readonly found: T | null;
  readonly error: ApiError | null;
}

/**
 * What is made of the bytes of a file, and given back when another one is shown. What failed is tried again when files
 * came.
 */
export function useFile<T>(
  file: string | null,
  load: Load,
  fileCount: number,
  make: (bytes: ArrayBuffer) => T,
  giveBack?: (made: T) => void
): ILoaded<T> {
  const [loaded, setLoaded] = React.useState<ILoaded<T>>({
    found: null,
    error: null
  });
  const [attempt, tryAgain] = React.useReducer((count: number) => count + 1, 0);
  const failed = React.useRef(false);
  React.useEffect(() => {
    if (failed.current) {
      tryAgain();
    }
  }, [fileCount]);
  React.useEffect(() => {
    if (file === null) {
      return;
    }
    let made: { value: T } | null = null;
    let gone = false;
    failed.current = false;
    const take = async () => {
      try {
        const bytes = await load(file);
        if (!gone) {
          made = { value: make(bytes) };
          setLoaded({ found: made.value, error: null });
        }
      } catch (error) {
        if (!(error instanceof ApiError)) {
          throw error;
        }
        if (!gone) {
          failed.current = true;
          setLoaded({ found: null, error });
        }
      }
    };
    void take();
    return () => {
      gone = true;
      if (made !== null) {
        giveBack?.(made.value);
        setLoaded({ found: null, error: null });
      }
    };
  }, [file, load, make, giveBack, attempt]);
  return loaded;
}

/** The address of a file in the page's memory. */
export function useFileUrl(
  file: string | null,
  type: string,
  load: Load,
  fileCount: number
): ILoaded<string> {
  const make = React.useCallback(
    (bytes: ArrayBuffer) => URL.createObjectURL(new Blob([bytes], { type })),
    [type]
  );
  return useFile(file, load, fileCount, make, revoke);
}

function revoke(url: string): void {
  URL.revokeObjectURL(url);
}
