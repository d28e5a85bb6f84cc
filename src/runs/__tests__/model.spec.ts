import {
  connect,
  FakeServer,
  IEvents,
  makeInfo,
  makeRun,
  until,
  WORKSPACE
} from '../../__tests__/server';
import { Run } from '../../api';
import { RunListModel } from '../model';
import { parseSearch } from '../status';

const LIST = `GET ${WORKSPACE}/runs`;

describe('RunListModel', () => {
  let server: FakeServer;
  let events: IEvents;
  let model: RunListModel;
  let runs: Run[];

  const numbers = () => model.rows.map(row => row.run.number);

  beforeEach(async () => {
    server = new FakeServer();
    runs = [makeRun(2), makeRun(1, { status: 'Completed' })];
    server.on(LIST, () => ({ json: { items: runs, next_cursor: null } }));
    events = connect(server);
    events.connection.setDocument('a.ipynb');
    events.connection.watch();
    await until(() => events.connection.state === 'connected');
    model = new RunListModel(events.connection);
  });

  afterEach(() => {
    model.dispose();
    events.connection.dispose();
  });

  async function wake(): Promise<void> {
    model.active = true;
    await until(() => model.isLoaded);
  }

  it('sleeps until it is looked at', () => {
    events.tell(11, { kind: 'run', subject: runs[0].id });
    expect(server.asked(LIST)).toEqual([]);
  });

  it('lists the runs of the notebook in front, the newest selected', async () => {
    await wake();
    expect(numbers()).toEqual([2, 1]);
    expect(model.selected).toBe(runs[0].id);
    expect(server.asked(LIST)[0].query.document).toBe('a.ipynb');
  });

  it('leaves out a run that somebody deleted, and what lay below it', async () => {
    const child = makeRun(3, { parent_id: runs[0].id });
    runs[0] = makeRun(2, { child_count: 1 });
    server.on(LIST, ({ query }) => ({
      json: { items: query.parent ? [child] : runs, next_cursor: null }
    }));
    await wake();
    model.toggle(runs[0].id);
    await until(() => numbers().length === 3);
    model.select(child.id);
    const [gone] = runs;
    runs = runs.slice(1);
    events.tell(11, { kind: 'run', subject: gone.id });
    await until(() => numbers().length === 1);
    expect(model.selected).toBe(runs[0].id);
    expect(model.error).toBeNull();
  });

  it('leaves out the runs of an experiment that was deleted, not older ones', async () => {
    await wake();
    runs = [runs[1]];
    events.tell(11, { kind: 'experiment', subject: 'digits' });
    await until(() => numbers().length === 1);
    runs = [makeRun(5)];
    server.on(LIST, () => ({ json: { items: runs, next_cursor: 'more' } }));
    events.tell(12, { kind: 'experiment', subject: 'digits' });
    await until(() => numbers().length === 2);
    expect(numbers()).toEqual([5, 1]);
  });

  it('reads live runs again while something holds them up, and once after', async () => {
    await wake();
    const live = runs[0];
    let waiting_for = 'its disk is full';
    server.on(`GET ${WORKSPACE}/runs/${live.id}`, () => ({
      json: { ...live, waiting_for }
    }));
    const held = (troubles: Record<string, string>) => {
      const dispatcher = { ...makeInfo().dispatcher, troubles };
      const json = makeInfo({ active_count: 1, dispatcher });
      server.on(`POST ${WORKSPACE}/wake`, { json });
      return events.connection.wake();
    };
    await held({ [live.id]: waiting_for });
    await until(() => model.rows[0].run.waiting_for !== '');
    waiting_for = '';
    await held({});
    await until(() => model.rows[0].run.waiting_for === '');
    const asked = server.requests.length;
    await held({});
    await new Promise(resolve => setTimeout(resolve, 500));
    expect(server.requests.length).toBe(asked + 1);
  });

  it('lists all runs when asked to', async () => {
    await wake();
    model.scope = 'all';
    await until(() => server.asked(LIST).length > 1 && model.isLoaded);
    expect(server.asked(LIST).pop()?.query.document).toBeUndefined();
  });

  it('reads a changed run alone', async () => {
    await wake();
    const changed = {
      ...runs[0],
      status: 'Completed' as const,
      status_sequence: 9
    };
    server.on(`GET ${WORKSPACE}/runs/${changed.id}`, { json: changed });
    events.tell(11, { kind: 'run', subject: changed.id });
    await until(() => model.rows[0].run.status === 'Completed');
    expect(server.asked(LIST)).toHaveLength(1);
  });

  it('never goes back to an older state of a run', async () => {
    runs[0] = makeRun(2, { status: 'Completed', status_sequence: 9 });
    await wake();
    const stale = makeRun(2, { status: 'Running', status_sequence: 3 });
    server.on(`GET ${WORKSPACE}/runs/${stale.id}`, { json: stale });
    events.tell(11, { kind: 'run', subject: stale.id });
    await until(
      () => server.asked(`GET ${WORKSPACE}/runs/${stale.id}`).length > 0
    );
    expect(model.rows[0].run.status).toBe('Completed');
  });

  it('shows a new run on top and follows it', async () => {
    await wake();
    runs = [makeRun(3), ...runs];
    events.tell(11, { kind: 'run', subject: runs[0].id });
    await until(() => model.rows.length === 3);
    expect(model.selected).toBe(runs[0].id);
  });

  it('leaves the selection alone once somebody chose', async () => {
    await wake();
    model.select(runs[1].id);
    runs = [makeRun(3), ...runs];
    events.tell(11, { kind: 'run', subject: runs[0].id });
    await until(() => model.rows.length === 3);
    expect(model.selected).toBe(runs[2].id);
  });

  it('opens a sweep and reads its children', async () => {
    const child = makeRun(5, { parent_id: runs[0].id });
    runs[0] = makeRun(2, { child_count: 1 });
    server.on(LIST, ({ query }) => ({
      json: { items: query.parent ? [child] : runs, next_cursor: null }
    }));
    await wake();
    model.toggle(runs[0].id);
    await until(() => model.rows.length === 3);
    expect(numbers()).toEqual([2, 5, 1]);
  });

  it('asks the server for what is searched, and shows only that', async () => {
    await wake();
    runs = [makeRun(1)];
    model.search = 'lr 0.1';
    await until(() => model.rows.length === 1);
    expect(server.asked(LIST).pop()?.query.search).toBe('lr 0.1');
  });

  it('reads the next page on demand', async () => {
    server.on(LIST, ({ query }) => ({
      json: query.cursor
        ? { items: [makeRun(0)], next_cursor: null }
        : { items: runs, next_cursor: 'c1' }
    }));
    await wake();
    expect(model.hasMore).toBe(true);
    await model.loadMore();
    expect(numbers()).toEqual([2, 1, 0]);
    expect(model.hasMore).toBe(false);
  });

  it('starts anew in another workspace', async () => {
    await wake();
    const other = makeRun(7);
    server.on('GET /resolve', { json: makeInfo({ id: 'w2' }) });
    server.on('GET /workspaces/w2/changes', {
      json: { changes: [], cursor: 10 }
    });
    server.on('GET /workspaces/w2/runs', {
      json: { items: [other], next_cursor: null }
    });
    events.connection.setDocument('b.ipynb');
    await until(() => numbers().join() === '7');
    expect(model.selected).toBe(other.id);
  });

  it('keeps what it has while the server is away', async () => {
    await wake();
    server.on(LIST, 'down');
    model.refresh();
    await until(() => server.asked(LIST).length > 1);
    await until(() => events.connection.state === 'lost');
    expect(numbers()).toEqual([2, 1]);
    expect(model.error).toBeNull();
  });

  it('cancels a run and shows what became of it', async () => {
    await wake();
    server.on(`POST ${WORKSPACE}/runs/${runs[0].id}/cancel`, {
      json: { ...runs[0], status: 'CancelRequested', status_sequence: 9 }
    });
    await model.cancel(runs[0].id);
    expect(model.rows[0].run.status).toBe('CancelRequested');
  });

  it('narrows by a status that is searched for', async () => {
    await wake();
    model.search = 'digits failed';
    await until(() => server.asked(LIST).pop()?.query.status === 'Failed');
    expect(server.asked(LIST).pop()?.query.search).toBe('digits');
  });
});

describe('parseSearch', () => {
  it.each([
    ['Failed', 'Failed', null],
    [' cancelled  lr=0.1 ', 'Canceled', 'lr=0.1'],
    ['my run', null, 'my run'],
    ['failed-once', null, 'failed-once'],
    ['constructor', null, 'constructor'],
    ['  ', null, null]
  ])('of %j', (text, status, search) => {
    expect(parseSearch(text)).toEqual({ status, search });
  });
});
