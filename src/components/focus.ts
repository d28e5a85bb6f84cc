/**
 * Wait until whoever gave a command is done with the focus.
 *
 * The command palette activates the document in front as soon as a command has begun, and a notebook hands that on to
 * its cells: messages of the page, which are all delivered before a timer of no time is.
 */
export function afterActivation(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve));
}

/**
 * Keep the focus in a part of the page when what has it goes away, as a button does that takes something back.
 *
 * Without a place the focus falls back to the page, and whoever works by keys begins anew at its top. Here it goes to
 * what is nearest around the place where it was. It costs nothing while the focus is elsewhere.
 */
export function keepFocus(part: HTMLElement): void {
  /** From what has the focus outwards. */
  let way: Element[] = [];
  const observer = new MutationObserver(() => {
    const { activeElement } = document;
    const isLost = activeElement === null || activeElement === document.body;
    if (isLost && way.length > 0 && !way[0].isConnected) {
      const place = way.find(it => it.isConnected && isFocusable(it));
      (place as HTMLElement | undefined)?.focus({ preventScroll: true });
    }
  });
  const onFocus = ({ target }: FocusEvent) => {
    if (way.length === 0) {
      observer.observe(part, { childList: true, subtree: true });
    }
    way = wayFrom(target as Element);
  };
  const forget = () => {
    way = [];
    observer.disconnect();
  };
  const onBlur = ({ relatedTarget }: FocusEvent) => {
    if (relatedTarget !== null) {
      if (!part.contains(relatedTarget as Element)) {
        forget();
      }
      return;
    }
    // Without another one, the window may have lost it, or what had it is just being taken away, or cannot be pressed now.
    const [from] = way;
    setTimeout(() => {
      const isLeft = document.hasFocus() && from?.isConnected;
      if (isLeft && from === way[0] && !hasFocus(part) && !isDisabled(from)) {
        forget();
      }
    });
  };
  part.addEventListener('focusin', onFocus);
  part.addEventListener('focusout', onBlur);
}

function hasFocus(part: Element): boolean {
  return part.contains(document.activeElement);
}

function isDisabled(element: Element): boolean {
  return element.matches(':disabled');
}

function isFocusable(element: Element): boolean {
  return element.hasAttribute('tabindex');
}

function wayFrom(target: Element): Element[] {
  const way: Element[] = [];
  for (let at: Element | null = target; at; at = at.parentElement) {
    way.push(at);
  }
  return way;
}
