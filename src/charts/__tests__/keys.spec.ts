import { isOfChart, keepKeys } from '../keys';

describe('the keys of a chart', () => {
  let host: HTMLElement;
  let stop: () => void;
  /** Keys that came to Lab, which listens on the document. */
  let heard: string[];

  const listen = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    if (!target.closest('[data-lm-suppress-shortcuts]')) {
      heard.push(event.key);
    }
  };
  const press = (key: string, more: KeyboardEventInit = {}) =>
    (document.activeElement ?? document.body).dispatchEvent(
      new KeyboardEvent('keydown', { key, bubbles: true, ...more })
    );

  beforeEach(() => {
    heard = [];
    host = document.createElement('div');
    host.tabIndex = 0;
    document.body.append(host);
    document.addEventListener('keydown', listen, true);
    stop = keepKeys(host);
    host.focus();
  });

  afterEach(() => {
    stop();
    document.removeEventListener('keydown', listen, true);
    host.remove();
  });

  it('are those that it knows, and what would do something to a cell', () => {
    for (const key of ['ArrowLeft', 'PageDown', '0', 'f', 'x', 'd', ' ']) {
      press(key);
    }
    expect(heard).toEqual([]);
  });

  it('are no shortcuts of Lab with Ctrl and the like, and no keys that leave a cell', () => {
    press('b', { ctrlKey: true });
    press('x');
    press('s', { metaKey: true });
    press('Enter', { shiftKey: true });
    press('Escape');
    expect(heard).toEqual(['b', 's', 'Enter', 'Escape']);
    expect(isOfChart(new KeyboardEvent('keydown', { key: 'F1' }))).toBe(false);
  });

  it('are kept only while it has the focus', () => {
    host.blur();
    press('x');
    expect(heard).toEqual(['x']);
    host.focus();
    stop();
    press('d', { ctrlKey: true });
    expect(heard).toEqual(['x', 'd']);
  });
});
