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
import { cancelText, deleteRun, deleteText, IActionContext } from '../actions';
import { RunListModel } from '../model';
import { placeOf } from '../RunRow';

const RUNS = `${WORKSPACE}/runs`;
const trans = nullTranslator.load('');

const ENDED = {
  status: 'Completed',
  ended_at: '2026-01-31T12:01:00Z'
} as const;

describe('what is done about runs', () => {
  let server: FakeServer;
  let events: IEvents;
  let runs: Run[];
  let context: IActionContext & { runs: RunListModel };
  let list: RunListModel;
  let told: string[];

  beforeEach(async () => {
    runs = [3, 2, 1].map(number => makeRun(number, ENDED));
    server = new FakeServer();
    serveRuns(server, () => runs);
    events = await connected(server);
    list = new RunListModel(events.connection);
    context = {
      connection: events.connection,
      runs: list,
      trans
    };
    list.active = true;
    await until(() => context.runs.isLoaded);
    told = [];
    jest.spyOn(Notification, 'success').mockImplementation(message => {
      told.push(message);
      return '';
    });
    jest.spyOn(Notification, 'error').mockImplementation(message => {
      told.push(message);
      return '';
    });
  });

  afterEach(() => {
    list.dispose();
    events.connection.dispose();
    jest.restoreAllMocks();
  });

  const listed = () => context.runs.rows.map(row => row.run.number);
  const selected = () => context.runs.find(context.runs.selected!)?.number;

  /** Answer the dialog that is open. */
  async function answer(label: string): Promise<string> {
    const find = () =>
      [...document.querySelectorAll<HTMLElement>('.jp-Dialog button')].find(
        it => it.textContent?.includes(label)
      );
    await until(() => find() !== undefined);
    const body = document.querySelector('.jp-Dialog-body')?.textContent ?? '';
    find()!.click();
    return body;
  }

  it('says what a deletion frees, deletes, and takes it back', async () => {
    const [, second] = runs;
    const gone = {
      kind: 'run',
      name: second.id,
      run_count: 1,
      size_bytes: 1.2e6,
      deleted_at: '2026-01-31T12:00:00Z',
      until: '2026-02-07T12:00:00Z'
    };
    server.on(`GET ${RUNS}/${second.id}/deletion`, { json: gone });
    server.on(`DELETE ${RUNS}/${second.id}`, () => {
      runs = runs.filter(run => run !== second);
      return { json: gone };
    });
    let undo: (() => void) | undefined;
    jest.spyOn(Notification, 'info').mockImplementation((message, options) => {
      told.push(message);
      undo = () => options?.actions?.[0].callback(new MouseEvent('click'));
      return '';
    });
    context.runs.select(second.id);
    const deleted = deleteRun(context, second);
    expect(await answer('Delete run')).toContain('frees 1.2 MB');
    await deleted;
    expect(listed()).toEqual([3, 1]);
    expect(selected()).toBe(1);
    expect(told[0]).toMatch(/^Run 2 is in the trash until .*2026.* 1\.2 MB/);

    server.on(`POST ${RUNS}/${second.id}/restore`, { json: second });
    undo?.();
    await until(() => listed().length === 3);
    expect(selected()).toBe(2);
  });

  it('deletes nothing when told to keep it', async () => {
    server.on(`GET ${RUNS}/${runs[0].id}/deletion`, 'down');
    const deleted = deleteRun(context, runs[0]);
    expect(await answer('Keep it')).toContain('is told when');
    await deleted;
    expect(listed()).toEqual([3, 2, 1]);
    expect(server.asked(`DELETE ${RUNS}/${runs[0].id}`)).toEqual([]);
  });
});

describe('the words for an action', () => {
  it('tell what goes on after a cancellation', () => {
    const kernel = makeRun(1, { kind: 'interactive' });
    expect(cancelText(trans, kernel)).toContain('process that logs it goes on');
    const child = makeRun(2, { kind: 'child' });
    expect(cancelText(trans, child)).toContain('its parent goes on');
    const sweep = makeRun(3, { child_count: 2 });
    expect(cancelText(trans, sweep)).toContain('and its children');
  });

  it('tell what a deletion takes', () => {
    expect(deleteText(trans, makeRun(1), 0)).toContain('frees 0 B');
    expect(deleteText(trans, makeRun(1, { child_count: 3 }), null)).toContain(
      'The run and its 3 children'
    );
  });

  it('tell where a run is that was not started', () => {
    const run = makeRun(1, { kind: 'interactive' });
    expect(placeOf(trans, run)).toBe('in a kernel');
    const properties = { 'mlws.logged_from': 'laptop' };
    expect(placeOf(trans, { ...run, properties })).toBe(
      'in a kernel on laptop'
    );
    const source = { ...run.source, document: 'train.py' };
    expect(placeOf(trans, { ...run, source })).toBe('in a process');
    expect(placeOf(trans, makeRun(2))).toBe('');
  });
});
