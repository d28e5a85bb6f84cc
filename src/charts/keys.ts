import { keyAction } from './reading';

/** What Lab looks for on an element, and above it, before it takes a key for one of its shortcuts. */
const SUPPRESSES = 'data-lm-suppress-shortcuts';

/**
 * Whether a key is a chart's while it has the focus: those that it knows, and all others that in a notebook would do
 * something to a cell, down to cutting it. With Ctrl, Alt or Command a key is Lab's, and so are Enter and Escape.
 */
export function isOfChart(event: KeyboardEvent): boolean {
  const { key, shiftKey, ctrlKey, metaKey, altKey } = event;
  return (
    !ctrlKey &&
    !metaKey &&
    !altKey &&
    (key.length === 1 || keyAction(key, shiftKey) !== null)
  );
}

/** Keep the keys of a chart from Lab while it has the focus; the returned function ends it. */
export function keepKeys(host: HTMLElement): () => void {
  const judge = (event: KeyboardEvent) => {
    host.toggleAttribute(SUPPRESSES, isOfChart(event));
  };
  // Lab listens on the document, on the way down; the window comes before it.
  const begin = () => window.addEventListener('keydown', judge, true);
  const end = () => window.removeEventListener('keydown', judge, true);
  host.addEventListener('focus', begin);
  host.addEventListener('blur', end);
  return () => {
    end();
    host.removeEventListener('focus', begin);
    host.removeEventListener('blur', end);
  };
}
