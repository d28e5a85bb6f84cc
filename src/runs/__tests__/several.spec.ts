import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';

import { serveRuns } from '../../__tests__/lines';
import {
  connected,
  FakeServer,
  IEvents,
  makeRun,
  until,
  WORKSPACE
} from '../../__tests__/server';
import { Run } from '../../api';
import { pathsOf, registerModel } from '../../models/register';
import { IActionContext } from '../actions';
import { RunListModel } from '../model';
import { restoreSnapshot } from '../restoring';
import {
  cancelable,
  cancelRuns,
  deletable,
  deleteRuns,
  tagRuns
} from '../several';
import { parseTag } from '../TagForm';

const RUNS = `${WORKSPACE}/runs`;
const ENDED = { status: 'Completed' } as const;
const trans = nullTranslator.load('');

describe('what several runs have in common', () => {
  it('is that only one’s own live ones can be canceled', () => {
    const runs = [makeRun(1), makeRun(2, ENDED), makeRun(3, { user: 'bob' })];
    const numbers = (user: string) =>
      cancelable(runs, user).map(run => run.number);
    expect(numbers('ada')).toEqual([1]);
    expect(numbers('')).toEqual([1, 3]);
  });

  it('is that what lies below a deleted one goes with it', () => {
    const parent = makeRun(1, { ...ENDED, child_count: 1 });
    const child = makeRun(2, { ...ENDED, parent_id: parent.id });
    expect(deletable([parent, child, makeRun(3)])).toEqual([parent]);
    expect(deletable([child])).toEqual([child]);
  });

  it.each([
    ['best', { name: 'best', value: '' }],
    [' owner = ada ', { name: 'owner', value: 'ada' }],
    ['a=b=c', { name: 'a', value: 'b=c' }]
  ])('is a tag that is typed as %j', (text, tag) => {
    expect(parseTag(text)).toEqual(tag);
  });
});

describe('what is done about several runs', () => {
  let server: FakeServer;
  let events: IEvents;
  let runs: Run[];
  let list: RunListModel;
  let context: IActionContext;
  let told: string[];

  beforeEach(async () => {
    runs = [3, 2, 1].map(number => makeRun(number, ENDED));
    server = new FakeServer();
    serveRuns(server, () => runs);
    events = await connected(server);
    list = new RunListModel(events.connection);
    context = { connection: events.connection, runs: list, trans };
    list.active = true;
    await until(() => list.isLoaded);
    told = [];
    for (const kind of ['info', 'success', 'error', 'warning'] as const) {
      jest.spyOn(Notification, kind).mockImplementation((...args) => {
        told.push(args[0]);
        return '';
      });
    }
  });

  afterEach(() => {
    list.dispose();
    events.connection.dispose();
    jest.restoreAllMocks();
    document.body.replaceChildren();
  });

  const numbers = () => list.rows.map(row => row.run.number);

  /** Type into the dialog that is open and press a button; gives what it said. */
  async function answer(label: string, typed?: string): Promise<string> {
    const find = () =>
      [...document.querySelectorAll<HTMLElement>('.jp-Dialog button')].find(
        it => it.textContent?.includes(label)
      );
    await until(() => find() !== undefined);
    const body = document.querySelector('.jp-Dialog-body')!;
    if (typed !== undefined) {
      await until(() => body.querySelector('input') !== null);
      const input = body.querySelector('input')!;
      Object.getOwnPropertyDescriptor(
        HTMLInputElement.prototype,
        'value'
      )!.set!.call(input, typed);
      input.dispatchEvent(new Event('input', { bubbles: true }));
    }
    const said = body.textContent ?? '';
    find()!.click();
    await until(() => document.querySelector('.jp-Dialog') === null);
    return said;
  }

  it('deletes them with what that frees, and tells what stays', async () => {
    const gone = { run_count: 1, size_bytes: 1500, until: '2026-02-07' };
    for (const run of runs) {
      server.on(`GET ${RUNS}/${run.id}/deletion`, { json: gone });
      server.on(`DELETE ${RUNS}/${run.id}`, { json: gone });
    }
    server.on(`DELETE ${RUNS}/${runs[2].id}`, {
      json: { code: 'wrong_state', message: 'It goes on.', hint: 'Wait.' },
      status: 409
    });
    const done = deleteRuns(context, [...runs, makeRun(9)]);
    const said = await answer('Delete 3 runs');
    await done;
    expect(said).toContain('#3, #2, #1');
    expect(said).toContain('frees at least 4.5 kB');
    expect(said).toContain('One is left out');
    expect(numbers()).toEqual([1]);
    expect(told.sort()).toEqual([
      '1 of 3 runs are as they were. #1: It goes on. Wait.',
      '2 runs are in the trash for 7 days, then at least 3.0 kB are freed.'
    ]);
  });

  it('cancels those that go on', async () => {
    const live = [5, 4].map(number => makeRun(number));
    for (const run of live) {
      server.on(`POST ${RUNS}/${run.id}/cancel`, {
        json: { ...run, status: 'CancelRequested', status_sequence: 9 }
      });
    }
    const done = cancelRuns(context, [...live, ...runs]);
    const said = await answer('Cancel 2 runs');
    await done;
    expect(said).toContain('3 are left out');
    expect(server.asked(`POST ${RUNS}/${live[0].id}/cancel`)).toHaveLength(1);
    expect(told).toEqual([]);
  });

  it('tags them', async () => {
    for (const run of runs) {
      server.on(`PATCH ${RUNS}/${run.id}`, ({ body }) => ({
        json: { ...run, tags: (body as { tags: object }).tags }
      }));
    }
    const done = tagRuns(context, runs.slice(0, 2));
    await answer('Tag', 'owner=ada');
    await done;
    expect(list.rows.map(row => row.run.tags)).toEqual([
      { owner: 'ada' },
      { owner: 'ada' },
      {}
    ]);
  });

  it('restores what one began with beside the notebook in front', async () => {
    const put = 'POST /workspaces/w1/copies/snapshot';
    server.on(put, { json: { path: 'work/run-3', file_count: 4 } });
    await restoreSnapshot(context, runs[0], {} as never);
    expect(server.asked(put)[0].body).toEqual({
      run: runs[0].id,
      beside: 'untitled.ipynb'
    });
    expect(told).toEqual(['4 files of run 3 are in work/run-3.']);
  });

  it('registers a model of one, and asks again where the name does not do', async () => {
    const file = { kind: 'output', size_bytes: 1, digest: '', mode: 0 };
    server.on(`GET ${RUNS}/${runs[0].id}/files`, {
      json: { items: [{ ...file, name: 'outputs/m.pt' }], next_cursor: null }
    });
    server.on(`GET ${WORKSPACE}/models`, {
      json: { items: [], next_cursor: null }
    });
    server.on(`POST ${WORKSPACE}/models`, ({ body }) =>
      (body as { name: string }).name === 'digits'
        ? { json: { code: 'invalid_name', message: 'No.' }, status: 400 }
        : { json: { name: 'net', version: 2 } }
    );
    const done = registerModel(context, runs[0]);
    await answer('Register');
    const said = await answer('Register', 'net');
    await done;
    expect(said).toContain('No.');
    const [first, second] = server.asked(`POST ${WORKSPACE}/models`);
    expect(second.body).toMatchObject({
      name: 'net',
      path: 'outputs/m.pt',
      run_id: runs[0].id
    });
    expect((first.body as { key: string }).key).not.toBe(
      (second.body as { key: string }).key
    );
    expect(told).toEqual(['net version 2 is made of run 3.']);
  });
});

describe('pathsOf', () => {
  it('offers what looks like a model first, and folders last', () => {
    const files = ['outputs/a.txt', 'outputs/net/w.pt', 'outputs/z.csv'];
    expect(pathsOf(files.map(name => ({ name }) as never))).toEqual([
      'outputs/net/w.pt',
      'outputs/a.txt',
      'outputs/z.csv',
      'outputs',
      'outputs/net'
    ]);
  });
});
