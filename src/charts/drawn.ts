import * as React from 'react';

import { IDrawing } from './lines';

/** What a chart shows now. It is another one many times a second, so that only what says something of it follows it. */
export class Drawn {
  get drawing(): IDrawing | null {
    return this._drawing;
  }

  set(drawing: IDrawing): void {
    this._drawing = drawing;
    this._followers.forEach(told => told());
  }

  /** Be told of each drawing; the returned function ends it. */
  follow = (told: () => void): (() => void) => {
    this._followers.add(told);
    return () => {
      this._followers.delete(told);
    };
  };

  private _drawing: IDrawing | null = null;
  private _followers = new Set<() => void>();
}

/** Say something of what is drawn, and render again only when that is something else. */
export function useDrawn<T extends string | number | boolean | object | null>(
  drawn: Drawn,
  say: (drawing: IDrawing | null) => T
): T {
  return React.useSyncExternalStore(drawn.follow, () => say(drawn.drawing));
}
