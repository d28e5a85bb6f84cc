import { JupyterFrontEnd } from '@jupyterlab/application';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import { makeRun } from '../../__tests__/server';
import { addRunCommands, CommandIDs, ICommandContext } from '../commands';
import { RunListModel } from '../model';

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

it('compares two selected runs, the newer one with the older one, and no other number of them', async () => {
  const commands = new CommandRegistry();
  const known = [makeRun(1), makeRun(2), makeRun(3)];
  const runs = {
    selection: [] as string[],
    selected: null,
    find: (id: string) => known.find(run => run.id === id)
  };
  addRunCommands({
    app: { commands } as unknown as JupyterFrontEnd,
    runs: runs as unknown as RunListModel,
    trans: nullTranslator.load('')
  } as ICommandContext);
  const opened: unknown[] = [];
  commands.addCommand(CommandIDs.openRun, {
    describedBy: { args: {} },
    execute: args => opened.push(args)
  });
  const isEnabled = () => commands.isEnabled(CommandIDs.compareRuns);
  const ids = known.map(run => run.id);
  runs.selection = ids.slice(0, 1);
  expect(isEnabled()).toBe(false);
  runs.selection = ids;
  expect(isEnabled()).toBe(false);
  runs.selection = [ids[0], ids[2]];
  expect(isEnabled()).toBe(true);
  await commands.execute(CommandIDs.compareRuns);
  expect(opened).toEqual([{ run: ids[2], other: ids[0], tab: 'compare' }]);
});

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
