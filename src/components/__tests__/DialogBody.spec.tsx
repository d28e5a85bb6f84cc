import { Dialog } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';

import { TagForm } from '../../runs/TagForm';
import { DOMAIN } from '../translation';

describe('DialogBody', () => {
  it('lets its dialog have the focus at once, also on a page that is never idle', async () => {
    const idle = jest
      .spyOn(window, 'requestIdleCallback')
      .mockImplementation(() => 0);
    const dialog = new Dialog({
      title: 'Tag run 1',
      body: new TagForm(nullTranslator.load(DOMAIN)),
      buttons: [Dialog.cancelButton(), Dialog.okButton()],
      focusNodeSelector: 'input'
    });
    const answered = dialog.launch();
    await Promise.resolve();
    expect(dialog.isAttached).toBe(true);
    expect(dialog.node.querySelector('input')).toBe(document.activeElement);
    dialog.reject();
    await answered;
    idle.mockRestore();
  });
});
