import {
  connect,
  FakeServer,
  IEvents,
  makeInfo,
  makeRun,
  until,
  WORKSPACE
} from '../../__tests__/server';
import { Run, RunUpdate } from '../../api';
import { readTag } from '../edits';
import { RunView } from '../view';

describe('RunEdits', () => {
  let server: FakeServer;
  let events: IEvents;
  let view: RunView;
  let run: Run;
  const at = () => `${WORKSPACE}/runs/${run.id}`;
  const patches = () =>
    server.asked(`PATCH ${at()}`).map(it => it.body as RunUpdate);

  const answer = ({ body }: { body: unknown }) => {
    const { description, tags } = body as RunUpdate;
    const merged = { ...run.tags };
    for (const [name, value] of Object.entries(tags ?? {})) {
      if (value === null) {
        delete merged[name];
      } else {
        merged[name] = value;
      }
    }
    run = { ...run, description: description ?? run.description, tags: merged };
    return { json: run };
  };

  beforeEach(async () => {
    run = makeRun(1, { description: 'first', tags: { old: '' } });
    server = new FakeServer();
    const empty = { json: { items: [], next_cursor: null } };
    server.on(`GET ${at()}`, () => ({ json: run }));
    server.on(`GET ${at()}/files`, empty);
    server.on(`GET ${at()}/typed`, empty);
    server.on(`PATCH ${at()}`, answer);
    events = connect(server, 'w1');
    view = new RunView(events.connection, 'w1', run.id);
    view.active = true;
    await until(() => view.detail.run !== null);
  });

  afterEach(() => {
    view.dispose();
    events.connection.dispose();
  });

  /** Whether the browser asks somebody who closes the page. */
  function isAsked(): boolean {
    const event = new Event('beforeunload', { cancelable: true });
    window.dispatchEvent(event);
    return event.defaultPrevented;
  }

  it('keeps what is typed when the run changes meanwhile', async () => {
    view.edits.typeNote('first and more');
    run = { ...run, description: 'of another person', status: 'Completed' };
    events.tell(11, { kind: 'run', subject: run.id });
    await until(() => view.detail.run?.status === 'Completed');
    expect(view.edits.note).toBe('first and more');
    expect(view.edits.theirs).toBe('of another person');
    await view.edits.saveNote();
    expect(run.description).toBe('first and more');
    expect(view.edits.isTyped).toBe(false);
    expect(view.edits.theirs).toBeNull();
  });

  it('keeps what is typed while the note is on its way', async () => {
    view.edits.typeNote('one');
    const saved = view.edits.saveNote();
    view.edits.typeNote('one two');
    await saved;
    expect(view.edits.note).toBe('one two');
    await view.edits.saveNote();
    expect(patches().map(it => it.description)).toEqual(['one', 'one two']);
  });

  it('asks for nothing when nothing was changed', async () => {
    view.edits.typeNote('x');
    view.edits.typeNote('first');
    await view.edits.saveNote();
    expect(patches()).toEqual([]);
  });

  it('shows a tag before the server has it, and not again when it refuses', async () => {
    const set = view.edits.setTag('best', '');
    expect(view.edits.tags).toEqual({ old: '', best: '' });
    await set;
    expect(run.tags).toEqual({ old: '', best: '' });
    server.on(`PATCH ${at()}`, {
      json: { code: 'forbidden', message: 'You may only read here.', hint: '' },
      status: 403
    });
    const removed = view.edits.setTag('best', null);
    expect(view.edits.tags).toEqual({ old: '' });
    await removed;
    expect(view.edits.tags).toEqual({ old: '', best: '' });
    expect(view.edits.error?.code).toBe('forbidden');
    expect(view.edits.refused).toBe('tag');
    view.edits.typeNote('mine');
    await view.edits.saveNote();
    expect(view.edits.refused).toBe('note');
    expect(view.edits.note).toBe('mine');
  });

  it('sends again what a lost connection kept back', async () => {
    server.on(`PATCH ${at()}`, 'down');
    view.edits.typeNote('typed on the train');
    await view.edits.saveNote();
    await view.edits.setTag('late', '1');
    expect(view.edits.note).toBe('typed on the train');
    expect(view.edits.tags.late).toBe('1');
    expect(view.edits.waits).toBe(true);
    expect(view.edits.refused).toBeNull();
    server.on(`PATCH ${at()}`, answer);
    await events.connection.refresh();
    await until(() => run.tags.late === '1' && !view.edits.isTyped);
    expect(run.description).toBe('typed on the train');
  });

  it('sends again what a workspace kept back whose disk or database was away', async () => {
    const json = {
      code: 'unavailable',
      message: 'The database does not answer.',
      hint: ''
    };
    const away = { json, status: 503 };
    server.on(`PATCH ${at()}`, away);
    server.on(`GET ${WORKSPACE}/info`, away);
    server.on(`GET ${WORKSPACE}/changes`, away);
    view.edits.typeNote('typed meanwhile');
    await view.edits.saveNote();
    await view.edits.setTag('late', '1');
    expect(view.edits.waits).toBe(true);
    expect(view.edits.refused).toBeNull();
    expect(view.edits.tags.late).toBe('1');
    server.on(`PATCH ${at()}`, answer);
    server.on(`GET ${WORKSPACE}/info`, { json: makeInfo() });
    server.on(`GET ${WORKSPACE}/changes`, {
      json: { changes: [], cursor: 10 }
    });
    await events.connection.refresh();
    await until(() => run.tags.late === '1' && !view.edits.isTyped);
    expect(run.description).toBe('typed meanwhile');
  });

  it('does not wait for a run that alone is gone', async () => {
    const json = { code: 'not_found', message: 'No such run.', hint: '' };
    server.on(`PATCH ${at()}`, { json, status: 404 });
    view.edits.typeNote('too late');
    await view.edits.saveNote();
    expect(view.edits.waits).toBe(false);
    expect(view.edits.refused).toBe('note');
    expect(view.edits.note).toBe('too late');
  });

  it('saves what was typed when the run is left, or nobody sees it any more', async () => {
    view.edits.typeNote('hidden');
    view.active = false;
    await until(() => run.description === 'hidden');
    view.edits.typeNote('last words');
    view.dispose();
    await until(() => run.description === 'last words');
  });

  it('saves what was typed when the page is closed', async () => {
    view.edits.typeNote('good night');
    expect(isAsked()).toBe(false);
    window.dispatchEvent(new Event('pagehide'));
    await until(() => run.description === 'good night');
    view.dispose();
    window.dispatchEvent(new Event('pagehide'));
    expect(patches()).toHaveLength(1);
  });

  it('has the browser ask before what cannot be sent any more is lost', async () => {
    server.on(`PATCH ${at()}`, 'down');
    view.edits.typeNote('too late');
    await view.edits.saveNote();
    expect(isAsked()).toBe(true);
    view.edits.dropNote();
    expect(isAsked()).toBe(false);
    view.edits.typeNote('long '.repeat(5000));
    expect(isAsked()).toBe(true);
  });

  it('is not set back by a read that began before the change', async () => {
    let release: () => void = () => undefined;
    const old = { ...run };
    const gate = new Promise<void>(resolve => {
      release = resolve;
    });
    const request = events.connection.request.bind(events.connection);
    let isFirst = true;
    jest
      .spyOn(events.connection, 'request')
      .mockImplementation(async (id, parameters, body) => {
        if (id === 'runs.get' && isFirst) {
          isFirst = false;
          await gate;
          return old as never;
        }
        return request(id, parameters, body);
      });
    view.detail.refresh();
    await until(() => !isFirst);
    view.edits.typeNote('newer');
    await view.edits.saveNote();
    const asked = server.asked(`GET ${at()}`).length;
    const seen: string[] = [];
    view.edits.changed.connect(() => seen.push(view.edits.note));
    release();
    await until(() => server.asked(`GET ${at()}`).length > asked);
    await until(() => seen.length > 0);
    expect(new Set(seen)).toEqual(new Set(['newer']));
  });
});

describe('readTag', () => {
  it.each([
    ['best', 'best', ''],
    [' best : of all ', 'best', 'of all'],
    ['a=b=c', 'a', 'b=c'],
    ['url: http://x', 'url', 'http://x']
  ])('reads %j', (text, name, value) => {
    expect(readTag(text)).toEqual([name, value]);
  });

  it('finds no name in nothing', () => {
    expect(readTag('  ')).toBeNull();
    expect(readTag('=1')).toBeNull();
  });
});
