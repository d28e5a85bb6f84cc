import { keepFocus } from '../focus';

describe('the focus when what has it goes away', () => {
  let part: HTMLElement;
  let outside: HTMLElement;

  beforeEach(() => {
    const list = element('ul', element('li', button('one')));
    const group = element('div', list);
    group.tabIndex = 0;
    part = element('section', group, button('two'));
    part.tabIndex = -1;
    outside = button('outside');
    document.body.append(part, outside);
    keepFocus(part);
  });

  afterEach(() => {
    document.body.replaceChildren();
    jest.restoreAllMocks();
  });

  const element = (tag: string, ...children: HTMLElement[]) => {
    const made = document.createElement(tag);
    made.append(...children);
    return made;
  };
  const button = (id: string) => {
    const made = element('button');
    made.id = id;
    return made;
  };
  const byId = (id: string) => document.getElementById(id)!;
  const change = async (what: () => void) => {
    what();
    // What observes the page is told before this is.
    await Promise.resolve();
  };

  /** Give the focus to nobody, of which jsdom says that the document has it next. */
  const leave = (from: HTMLElement) => {
    const stop = (event: Event) => event.stopImmediatePropagation();
    window.addEventListener('focusout', stop, true);
    from.blur();
    window.removeEventListener('focusout', stop, true);
    from.dispatchEvent(new FocusEvent('focusout', { bubbles: true }));
  };
  const later = () => new Promise(resolve => setTimeout(resolve));

  it('goes to what is nearest around its place', async () => {
    byId('one').focus();
    await change(() => document.querySelector('li')!.remove());
    expect(document.activeElement).toBe(document.querySelector('div'));
  });

  it('goes to the whole where nothing else can have it', async () => {
    byId('two').focus();
    await change(() => byId('two').remove());
    expect(document.activeElement).toBe(part);
  });

  it('stays where somebody took it', async () => {
    byId('one').focus();
    outside.focus();
    await change(() => byId('one').remove());
    expect(document.activeElement).toBe(outside);
  });

  it('is nowhere where somebody left it to nobody', async () => {
    jest.spyOn(document, 'hasFocus').mockReturnValue(true);
    byId('one').focus();
    // As a press on a place that cannot have it.
    leave(byId('one'));
    await later();
    await change(() => byId('one').remove());
    expect(document.activeElement).toBe(document.body);
  });

  it.each(['the window lost it', 'its button cannot be pressed now'])(
    'comes back where %s meanwhile',
    async why => {
      const isWindow = why.includes('window');
      jest.spyOn(document, 'hasFocus').mockReturnValue(!isWindow);
      const one = byId('one') as HTMLButtonElement;
      one.focus();
      leave(one);
      one.disabled = !isWindow;
      await later();
      await change(() => one.remove());
      expect(document.activeElement).toBe(document.querySelector('div'));
    }
  );

  it('stays when something else goes away', async () => {
    byId('two').focus();
    await change(() => byId('one').remove());
    expect(document.activeElement).toBe(byId('two'));
  });
});
