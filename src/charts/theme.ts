/**
 * Draw again whenever the theme changes: it is a set of CSS variables, and its name stands on the body.
 *
 * @returns what ends it
 */
export function followTheme(redraw: () => void): () => void {
  const observer = new MutationObserver(redraw);
  observer.observe(document.body, { attributeFilter: ['data-jp-theme-name'] });
  return () => observer.disconnect();
}
