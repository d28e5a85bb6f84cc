import { DisposableDelegate, IDisposable } from '@lumino/disposable';

/**
 * See to it that nothing is lost when the page is closed, reloaded or put aside.
 *
 * @param save begins to send what is not kept yet; asked when nobody sees the page any more
 * @param mustAsk whether something would be lost all the same, so that the browser asks first
 */
export function onLeave(save: () => void, mustAsk: () => boolean): IDisposable {
  const hide = () => {
    if (document.visibilityState === 'hidden') {
      save();
    }
  };
  const ask = (event: BeforeUnloadEvent) => {
    if (mustAsk()) {
      event.preventDefault();
      // What older browsers ask by.
      event.returnValue = '';
    }
  };
  window.addEventListener('pagehide', save);
  window.addEventListener('beforeunload', ask);
  document.addEventListener('visibilitychange', hide);
  return new DisposableDelegate(() => {
    window.removeEventListener('pagehide', save);
    window.removeEventListener('beforeunload', ask);
    document.removeEventListener('visibilitychange', hide);
  });
}
