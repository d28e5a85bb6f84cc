import { JupyterFrontEnd } from '@jupyterlab/application';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import { addRunCommands, CommandIDs, ICommandContext } from '../commands';

/** Whatever of a document takes the focus when it is activated. */
class Part extends Widget {
  constructor(private readonly _onActive: () => void) {
    super();
  }

  protected onActivateRequest(msg: Message): void {
    super.onActivateRequest(msg);
    this._onActive();
  }
}

it('shows the panel after the palette gave the focus back, down to the cells', async () => {
  const commands = new CommandRegistry();
  const order: string[] = [];
  const shell = { activateById: (id: string) => order.push(id) };
  addRunCommands({
    app: { commands, shell } as unknown as JupyterFrontEnd,
    panelId: 'panel',
    trans: nullTranslator.load('')
  } as ICommandContext);
  const cells = new Part(() => order.push('cells'));
  const notebook = new Part(() => cells.activate());
  commands.commandExecuted.connect(() => notebook.activate());
  await commands.execute(CommandIDs.showPanel);
  expect(order).toEqual(['cells', 'panel']);
  notebook.dispose();
  cells.dispose();
});
