import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { Kernel } from '@jupyterlab/services';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { hasPackage } from './code';

/** Whether the kernel of the notebook in front lacks our package, and the way to mend it. */
export interface IKernelNotice {
  readonly lacksPackage: boolean;
  readonly changed: ISignal<unknown, void>;
  enable(): void;
}

/**
 * Looks whether kernels have our package, once each, and only while somebody would see the answer.
 */
export class KernelNotice implements IKernelNotice, IDisposable {
  constructor(
    private readonly _notebooks: INotebookTracker,
    private readonly _enable: () => void
  ) {
    _notebooks.currentChanged.connect(this._onCurrentChanged, this);
    this._onCurrentChanged();
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get lacksPackage(): boolean {
    const kernel = kernelOf(this._panel);
    return kernel !== null && this._known.get(kernel.id) === false;
  }

  get active(): boolean {
    return this._active;
  }

  set active(active: boolean) {
    this._active = active;
    void this._look();
  }

  enable(): void {
    this._enable();
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._notebooks.currentChanged.disconnect(this._onCurrentChanged, this);
      this._leave();
      Signal.clearData(this);
    }
  }

  private _onCurrentChanged(): void {
    this._leave();
    this._panel = this._notebooks.currentWidget;
    this._panel?.sessionContext.statusChanged.connect(this._onStatus, this);
    void this._look();
  }

  private _leave(): void {
    this._panel?.sessionContext.statusChanged.disconnect(this._onStatus, this);
    this._panel = null;
  }

  private _onStatus(_: unknown, status: Kernel.Status): void {
    const kernel = kernelOf(this._panel);
    if (kernel && (status === 'restarting' || status === 'autorestarting')) {
      // A new process knows nothing of what the old one was told.
      this._known.delete(kernel.id);
    } else if (status === 'idle') {
      void this._look();
    }
  }

  /** Ask a kernel once; one that lacks the package again after whatever it did, it may have been installed. */
  private async _look(): Promise<void> {
    const kernel = kernelOf(this._panel);
    this._changed.emit();
    if (
      !this._active ||
      this._isLooking ||
      kernel === null ||
      kernel.status !== 'idle' ||
      this._known.get(kernel.id) === true
    ) {
      return;
    }
    // The question itself makes the kernel busy and idle, which is no reason to ask again.
    this._isLooking = true;
    try {
      this._known.set(kernel.id, (await hasPackage(kernel)) !== false);
    } finally {
      this._isLooking = false;
    }
    this._changed.emit();
  }

  private _active = false;
  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
  private _isLooking = false;
  private _known = new Map<string, boolean>();
  private _panel: NotebookPanel | null = null;
}

/** The kernel of a notebook, if it is connected. */
export function kernelOf(
  panel: NotebookPanel | null
): Kernel.IKernelConnection | null {
  return panel?.sessionContext.session?.kernel ?? null;
}
