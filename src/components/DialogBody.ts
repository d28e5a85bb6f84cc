import { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { flushSync } from 'react-dom';
import { createRoot, Root } from 'react-dom/client';

/**
 * What stands in a dialog, drawn as the dialog is attached. For React widgets of its own JupyterLab waits with the focus until
 * the page is idle; till then keys would go on to what is behind the dialog, such as the cells of a notebook.
 */
export abstract class DialogBody extends Widget {
  protected abstract render(): JSX.Element;

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    const root = createRoot(this.node);
    this._root = root;
    flushSync(() => root.render(this.render()));
  }

  protected onBeforeDetach(msg: Message): void {
    this._root?.unmount();
    this._root = null;
    super.onBeforeDetach(msg);
  }

  private _root: Root | null = null;
}
