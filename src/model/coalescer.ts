import { IDisposable } from '@lumino/disposable';

/**
 * Runs a task when asked: at once, never twice at the same time, at most once per interval, and once more at the end
 * when it was asked for meanwhile. No request is lost, and no burst becomes a storm.
 */
export class Coalescer implements IDisposable {
  /**
   * @param _interval milliseconds, or what tells them, asked anew for each run
   */
  constructor(
    private readonly _task: () => Promise<void>,
    private readonly _interval: number | (() => number) = 100
  ) {}

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
  }

  /** Ask for a run of the task. */
  request(): void {
    if (this._isDisposed || this._timer !== undefined) {
      return;
    }
    if (this._busy) {
      this._again = true;
      return;
    }
    const interval =
      typeof this._interval === 'number' ? this._interval : this._interval();
    const wait = this._lastStart + interval - Date.now();
    if (wait > 0) {
      this._timer = setTimeout(() => {
        this._timer = undefined;
        void this._run();
      }, wait);
    } else {
      void this._run();
    }
  }

  private async _run(): Promise<void> {
    this._busy = true;
    this._lastStart = Date.now();
    try {
      await this._task();
    } finally {
      this._busy = false;
      if (this._again) {
        this._again = false;
        this.request();
      }
    }
  }

  private _again = false;
  private _busy = false;
  private _isDisposed = false;
  private _lastStart = 0;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}
