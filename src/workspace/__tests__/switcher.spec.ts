import { Dialog } from '@jupyterlab/apputils';
import { StateDB } from '@jupyterlab/statedb';
import { nullTranslator } from '@jupyterlab/translation';
import { Menu } from '@lumino/widgets';

import {
  connect,
  connected,
  FakeServer,
  makeInfo,
  until,
  WORKSPACE
} from '../../__tests__/server';
import { KnownWorkspace } from '../../api';
import { RunListModel } from '../../runs/model';
import { Switcher } from '../switcher';

const known = (
  id: string,
  name: string,
  facts: Partial<KnownWorkspace> = {}
): KnownWorkspace => ({
  id,
  name,
  location: `/data/${id}`,
  kind: 'folder',
  state: 'ready',
  ...facts
});

describe('Switcher', () => {
  let server: FakeServer;
  let events: ReturnType<typeof connect>;
  let runs: { search: string; scope: 'document' | 'all' };
  let state: StateDB;
  let switcher: Switcher;
  let items: KnownWorkspace[];
  let menu: Menu;
  const button = document.createElement('button');

  beforeEach(async () => {
    document.body.append(button);
    server = new FakeServer();
    items = [
      known('w1', 'mywork'),
      known('w2', '<b>other</b>\u202e'),
      known('w3', 'old', { state: 'gone' })
    ];
    server.on('GET /known', () => ({ json: { items, next_cursor: null } }));
    server.on('GET /workspaces/w2/info', { json: makeInfo({ id: 'w2' }) });
    server.on('GET /workspaces/w2/changes', {
      json: { changes: [], cursor: 10 }
    });
    events = await connected(server, 'sub/a.ipynb');
    runs = { search: '', scope: 'document' };
    state = new StateDB();
    const open = jest.spyOn(Menu.prototype, 'open');
    open.mockImplementation(() => {
      menu = open.mock.contexts[open.mock.contexts.length - 1] as Menu;
    });
    switcher = new Switcher({
      connection: events.connection,
      runs: runs as RunListModel,
      state,
      trans: nullTranslator.load('')
    });
  });

  afterEach(() => {
    Dialog.flush();
    events.connection.dispose();
    jest.restoreAllMocks();
    button.remove();
  });

  const offered = async () => {
    const { length } = server.asked('GET /known');
    events.tell(100 + length, { kind: 'experiment', subject: 'x' });
    switcher.open(button);
    await until(() => server.asked('GET /known').length > length);
    await new Promise(resolve => setTimeout(resolve, 10));
    return menu.items.filter(it => it.type === 'command');
  };
  const choose = async (label: string | RegExp) => {
    const found = (await offered()).find(it => it.label.match(label))!;
    await menu.commands.execute(found.command);
  };

  it('offers what is known, as text, and marks the one in front and what is gone', async () => {
    const shown = (await offered()).map(
      it => `${it.isToggled ? '✓' : ' '}${it.isEnabled ? '' : '✗'}${it.label}`
    );
    expect(shown).toEqual([
      '✓mywork',
      ' <b>other</b>\\u202e',
      ' ✗old (its folder is gone)',
      '✓Follow the Notebook in Front',
      ' New Workspace…',
      ' Open Workspace…',
      ' Rename…',
      ' Remove old from This List'
    ]);
  });

  it('leaves out many that are gone, and removes them from the list together', async () => {
    const ids = ['w4', 'w5', 'w6', 'w7'];
    items.push(...ids.map(id => known(id, 'old', { state: 'gone' })));
    items.push(known('w8', 'locked', { state: 'unreadable' }));
    const labels = (await offered()).map(it => it.label);
    expect(labels.filter(it => /gone|old|locked/i.test(it))).toEqual([
      'locked (cannot be read)',
      'Remove locked from This List',
      'Remove 5 Whose Folders Are Gone'
    ]);
    const removed: string[] = [];
    for (const id of ['w3', ...ids]) {
      server.on(`DELETE /known/${id}`, () => {
        removed.push(id);
        return { json: { items: [], next_cursor: null } };
      });
    }
    await choose(/Folders Are Gone/);
    await until(() => removed.length === 5);
  });

  it('switches, keeps the choice over a reload, and finds again what was searched for', async () => {
    runs.search = 'metrics.acc > 0.9';
    runs.scope = 'all';
    await choose(/other/);
    await until(() => events.connection.info?.id === 'w2');
    expect(runs).toEqual({ search: '', scope: 'document' });
    expect(await state.fetch('jupyter-mlws:workspace')).toBe('w2');
    await choose(/Follow/);
    await until(() => events.connection.info?.id === 'w1');
    expect(runs).toEqual({ search: 'metrics.acc > 0.9', scope: 'all' });
    expect(await state.fetch('jupyter-mlws:workspace')).toBeUndefined();
  });

  it('takes up the choice of last time', async () => {
    await state.save('jupyter-mlws:workspace', 'w2');
    new Switcher({
      connection: events.connection,
      runs: runs as RunListModel,
      state,
      trans: nullTranslator.load('')
    });
    await until(() => events.connection.info?.id === 'w2');
    // What was chosen can be removed, unlike that of the notebook in front, which would be back at once.
    const labels = (await offered()).map(it => it.label);
    expect(labels.filter(it => it.startsWith('Remove'))).toEqual([
      'Remove <b>other</b>\\u202e from This List',
      'Remove old from This List'
    ]);
  });

  const create = async () => {
    const done = choose(/New Workspace/);
    await until(() => document.querySelector('.jp-Dialog input') !== null);
    document.querySelector<HTMLElement>('.jp-Dialog .jp-mod-accept')!.click();
    await done;
    await until(() => events.connection.info?.id === 'w2');
  };

  it('goes on following the notebook in front when that has a new workspace', async () => {
    server.on('POST /workspaces', () => {
      server.on('GET /resolve', { json: makeInfo({ id: 'w2' }) });
      return { json: makeInfo({ id: 'w2' }) };
    });
    await create();
    expect(events.connection.chosen).toBeNull();
  });

  it('chooses a new workspace that the notebook in front is not in', async () => {
    server.on('POST /workspaces', { json: makeInfo({ id: 'w2' }) });
    await create();
    expect(events.connection.chosen).toBe('w2');
  });

  it('renames, and shows the new name', async () => {
    server.on('POST /known/w1/name', request => {
      const { name } = request.body as { name: string };
      server.on(`GET ${WORKSPACE}/info`, { json: makeInfo({ name }) });
      return { json: makeInfo({ name }) };
    });
    const done = choose(/Rename/);
    await until(() => document.querySelector('.jp-Dialog input') !== null);
    const input = document.querySelector<HTMLInputElement>('.jp-Dialog input')!;
    expect(input.value).toBe('mywork');
    input.value = 'numbers';
    document.querySelector<HTMLElement>('.jp-Dialog .jp-mod-accept')!.click();
    await done;
    expect(events.connection.info?.name).toBe('numbers');
  });

  it('asks before it trusts, shows what is named, and again where more is named', async () => {
    const refusal = (place: string, more: object) => ({
      json: {
        code: 'not_trusted',
        message: 'It names another place.',
        hint: '',
        details: { config: '/p/.mlws/config.json', workspace: place, ...more }
      },
      status: 403
    });
    server.on('GET /resolve', refusal('https://evil/<i>', {}));
    events.connection.setDocument('p/b.ipynb');
    await until(() => events.connection.state === 'failed');
    const wishes: unknown[] = [];
    server.on('POST /trust', request => {
      wishes.push(request.body);
      if (wishes.length === 1) {
        return refusal('/p', { database: 'postgresql://db' });
      }
      server.on('GET /resolve', { json: makeInfo({ id: 'w2' }) });
      return { json: makeInfo({ id: 'w2' }) };
    });
    switcher.trust();
    const dialog = () => document.querySelector('.jp-Dialog')?.textContent;
    const accept = () =>
      document.querySelector<HTMLElement>('.jp-Dialog .jp-mod-accept')!.click();
    await until(() => dialog()?.includes('https://evil/<i>') === true);
    accept();
    await until(() => dialog()?.includes('postgresql://db') === true);
    accept();
    await until(() => events.connection.info?.id === 'w2');
    expect(wishes).toEqual([
      { document: 'p/b.ipynb', place: 'https://evil/<i>' },
      { document: 'p/b.ipynb', place: 'postgresql://db' }
    ]);
  });

  it('trusts nothing when somebody says no', async () => {
    server.on('GET /resolve', {
      json: {
        code: 'not_trusted',
        message: 'No.',
        hint: '',
        details: { config: '/c', workspace: '/w' }
      },
      status: 403
    });
    events.connection.setDocument('p/b.ipynb');
    await until(() => events.connection.state === 'failed');
    switcher.trust();
    await until(() => document.querySelector('.jp-Dialog') !== null);
    document.querySelector<HTMLElement>('.jp-Dialog .jp-mod-reject')!.click();
    await until(() => document.querySelector('.jp-Dialog') === null);
    expect(server.asked('POST /trust')).toEqual([]);
  });
});
