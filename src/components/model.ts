import { ISignal } from '@lumino/signaling';
import * as React from 'react';

/**
 * Draw again whenever the signal fires; a burst of them between two frames draws once.
 */
export function useSignal(signal: ISignal<unknown, unknown>): void {
  const [, redraw] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    const slot = () => redraw();
    signal.connect(slot);
    // What came between the drawing and now.
    redraw();
    return () => {
      signal.disconnect(slot);
    };
  }, [signal]);
}
