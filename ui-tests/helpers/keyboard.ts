import { expect, IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

/** More presses than this nobody makes. */
const MOST = 80;

/**
 * A person without a mouse: goes on with Tab, and sees at each stop of ours where they are.
 */
export class Keyboard {
  constructor(readonly page: IJupyterLabPageFixture) {}

  /** Press keys one after another. */
  async press(...keys: string[]): Promise<void> {
    for (const key of keys) {
      await this.page.keyboard.press(key);
    }
  }

  /** Press Tab, or another key, until something has the focus. */
  async goTo(target: Locator, key = 'Tab'): Promise<void> {
    const way: string[] = [];
    for (let i = 0; i < MOST; i++) {
      if (await hasFocus(target)) {
        await this.sees();
        return;
      }
      await this.page.keyboard.press(key);
      const { isLost } = await this.page.evaluate(focusOfPage);
      if (isLost) {
        break;
      }
      way.push(await this.sees());
    }
    throw new Error(`${target} is not reached with ${key}: ${way.join(' > ')}`);
  }

  /** Go through all that Tab stops at in a part of the page, from where the focus is to its end; give the stops. */
  async walk(part: Locator): Promise<string[]> {
    const way: string[] = [];
    for (let i = 0; i < MOST; i++) {
      way.push(await this.sees());
      await this.page.keyboard.press('Tab');
      if (!(await hasFocusWithin(part))) {
        return way;
      }
    }
    throw new Error(`Tab does not lead out: ${way.join(' > ')}`);
  }

  /** Do something that opens a dialog, and expect that Escape closes it and leads back. */
  async asksAndGoesBack(dialog: Locator, ...keys: string[]): Promise<void> {
    const before = await this.sees();
    await this.press(...keys);
    await expect(dialog).toBeVisible();
    await expect.poll(() => hasFocusWithin(dialog)).toBe(true);
    await this.press('Escape');
    await expect(dialog).toHaveCount(0);
    const now = async () => (await this.page.evaluate(focusOfPage)).name;
    await expect.poll(now).toBe(before);
    await this.sees();
  }

  /** Expect that the focus is somewhere and, where it is ours, that one sees where; say where it is. */
  async sees(): Promise<string> {
    const { name, isLost, isSeen } = await this.page.evaluate(focusOfPage);
    expect(isLost, `the focus is lost on ${name}`).toBe(false);
    expect(isSeen, `one sees that the focus is on ${name}`).toBe(true);
    return name;
  }

  /** Choose a command from the palette. */
  async command(label: string): Promise<void> {
    const { page } = this;
    await page.keyboard.press('Control+Shift+C');
    const field = page.locator('#modal-command-palette input');
    await expect(field).toBeFocused();
    await page.keyboard.type(label);
    await expect(
      page.locator('#modal-command-palette .lm-mod-active')
    ).toContainText(label);
    await page.keyboard.press('Enter');
    await expect(field).toBeHidden();
  }
}

function hasFocus(target: Locator): Promise<boolean> {
  return target.evaluateAll(all =>
    all.some(it => it === document.activeElement)
  );
}

function hasFocusWithin(part: Locator): Promise<boolean> {
  return part.evaluateAll(all =>
    all.some(it => it.contains(document.activeElement))
  );
}

/** Runs in the page: what has the focus, and whether it looks like it. */
function focusOfPage(): { name: string; isLost: boolean; isSeen: boolean } {
  const element = document.activeElement as HTMLElement;
  const label = element.getAttribute('aria-label') ?? element.textContent ?? '';
  const name = `${element.tagName.toLowerCase()}.${element.className} "${label.trim().slice(0, 40)}"`;
  const looks = (it: Element | null) => {
    if (!it) {
      return false;
    }
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(it);
    return (
      (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1) ||
      boxShadow !== 'none'
    );
  };
  const current = element.getAttribute('aria-activedescendant');
  const isOurs = element.closest('.jp-mlws-surface') !== null;
  return {
    name,
    isLost: element === document.body,
    isSeen:
      !isOurs ||
      looks(element) ||
      looks(element.parentElement) ||
      looks(current ? document.getElementById(current) : null)
  };
}
