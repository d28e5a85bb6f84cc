/** So long a frame may draw charts before the others wait for the next one, in milliseconds. */
const BUDGET_MS = 8;
/** Nor so many of them: what a canvas was told becomes pixels behind the script's back, and takes longer than the telling. */
const MOST = 4;

/**
 * Draws what asks for it, at most once a frame each, and in as many frames as it takes: however many charts have news at
 * the same time, no frame is held up by all of them.
 */
export class Frames {
  constructor(
    private readonly _ask: (frame: () => void) => void = frame =>
      requestAnimationFrame(frame),
    private readonly _now: () => number = () => performance.now()
  ) {}

  /** Draw soon. Asked twice before that, it is drawn once. */
  request(draw: () => void): void {
    this._waiting.add(draw);
    if (!this._isAsked) {
      this._isAsked = true;
      this._ask(() => this._frame());
    }
  }

  /** Do not draw any more. */
  cancel(draw: () => void): void {
    this._waiting.delete(draw);
  }

  private _frame(): void {
    this._isAsked = false;
    const end = this._now() + BUDGET_MS;
    let drawn = 0;
    for (const draw of [...this._waiting]) {
      this._waiting.delete(draw);
      draw();
      drawn += 1;
      if (drawn >= MOST || this._now() >= end) {
        break;
      }
    }
    const [next] = this._waiting;
    if (next) {
      this.request(next);
    }
  }

  private _isAsked = false;
  private _waiting = new Set<() => void>();
}

/** The frames of this page. */
export const frames = new Frames();
