/** How the page around a widget looks: where it is not JupyterLab, the widget brings colours of its own. */
export interface ISurroundings {
  /** Whether the page has the variables of JupyterLab's themes. */
  readonly isLab: boolean;
  readonly isDark: boolean;
}

const VSCODE_KIND = 'data-vscode-theme-kind';

/** How the page looks around an element. */
export function surroundingsOf(element: Element): ISurroundings {
  const { body } = document;
  const style = getComputedStyle(element);
  const isVsCode = body.hasAttribute(VSCODE_KIND);
  // VS Code, too, gives widgets the variables of a theme, but always of the light one.
  const isLab =
    !isVsCode && style.getPropertyValue('--jp-ui-font-color1').trim() !== '';
  const lab = body.getAttribute('data-jp-theme-light');
  return {
    isLab,
    isDark:
      lab === null || isVsCode ? isDark(backgroundOf(element)) : lab === 'false'
  };
}

/**
 * Told whenever the page may look otherwise.
 *
 * @returns what ends it
 */
export function followSurroundings(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  observer.observe(document.body, {
    attributeFilter: ['class', 'data-jp-theme-name', VSCODE_KIND]
  });
  const media = matchMedia('(prefers-color-scheme: dark)');
  media.addEventListener('change', changed);
  return () => {
    observer.disconnect();
    media.removeEventListener('change', changed);
  };
}

/** The colour that an element lies on; '' where the page says none. */
function backgroundOf(element: Element): string {
  for (let at: Element | null = element; at; at = at.parentElement) {
    const { backgroundColor } = getComputedStyle(at);
    if (!/^(transparent|rgba\(.*,\s*0\))$/.test(backgroundColor)) {
      return backgroundColor;
    }
  }
  return '';
}

/** Whether a colour, as a browser writes it, is nearer to black than to white. */
export function isDark(colour: string): boolean {
  const [red, green, blue] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  return blue === undefined
    ? matchMedia('(prefers-color-scheme: dark)').matches && colour !== ''
    : 0.299 * red + 0.587 * green + 0.114 * blue < 128;
}
