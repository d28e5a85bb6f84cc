import { IDisposable } from '@lumino/disposable';
import { Widget } from '@lumino/widgets';

/** A section is never pressed below the height of what is in it, up to so many pixels: then it scrolls. */
const MOST = 260;

/**
 * Gives a section of a panel the height of its content: nobody reads through a slit, and no room stands empty while what
 * is above could use it.
 */
export class Fitting implements IDisposable {
  /**
   * @param _section has one element with all that is in it
   * @param _onFitted told that the layout around it has to be reckoned anew
   */
  constructor(
    private readonly _section: Widget,
    private readonly _onFitted: () => void
  ) {
    const { node } = _section;
    this._changes.observe(node, {
      childList: true,
      characterData: true,
      subtree: true,
      // Of what is folded.
      attributes: true,
      attributeFilter: ['open']
    });
    this._sizes.observe(node);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this._changes.disconnect();
    this._sizes.disconnect();
    cancelAnimationFrame(this._frame);
  }

  private _request = (): void => {
    cancelAnimationFrame(this._frame);
    this._frame = requestAnimationFrame(this._fit);
  };

  private _fit = (): void => {
    const { node, isVisible } = this._section;
    const content = isVisible ? (node.firstElementChild?.scrollHeight ?? 0) : 0;
    // What is measured is rounded, and half of a pixel would bring a scroll bar.
    const height = content + 1;
    if (content > 0 && height !== this._height) {
      this._height = height;
      node.style.minHeight = `${Math.min(height, MOST)}px`;
      node.style.maxHeight = `${height}px`;
      this._onFitted();
    }
  };

  private _changes = new MutationObserver(this._request);
  private _frame = 0;
  private _height = 0;
  private _isDisposed = false;
  private _sizes = new ResizeObserver(this._request);
}
