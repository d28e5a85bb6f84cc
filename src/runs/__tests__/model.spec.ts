import { LINES as LIST, serveRuns } from '../../__tests__/lines';
import {
  connected,
  FakeServer,
  IEvents,
  makeInfo,
  makeRun,
  until,
  WORKSPACE
} from '../../__tests__/server';
import { Run } from '../../api';
import { RunListModel } from '../model';
import { Pins } from '../pins';

describe('RunListModel', () => {
  let server: FakeServer;
  let events: IEvents;
  let model: RunListModel;
  let runs: Run[];

  const numbers = () => model.rows.map(row => row.run.number);

  beforeEach(async () => {
    server = new FakeServer();
    runs = [makeRun(2), makeRun(1, { status: 'Completed' })];
    serveRuns(server, () => runs);
    events = await connected(server, 'a.ipynb');
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
    runs.push(child);
    await wake();
    model.toggle(runs[0].id);
    await until(() => numbers().length === 3);
    model.select(child.id);
    const [gone, left] = runs;
    runs = [left];
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
    runs = [makeRun(5), ...runs];
    events.tell(12, { kind: 'experiment', subject: 'digits' });
    await until(() => numbers().length === 2);
    expect(numbers()).toEqual([5, 1]);
  });

  it('reads live runs again while something holds them up, and once after', async () => {
    await wake();
    const live = runs[0];
    let waiting_for = 'its disk is full';
    serveRuns(server, () => [{ ...live, waiting_for }]);
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
    runs = [changed, runs[1]];
    events.tell(11, { kind: 'run', subject: changed.id });
    await until(() => model.rows[0].run.status === 'Completed');
    expect(server.asked(LIST)).toHaveLength(2);
    expect(server.asked(LIST)[1].query.ids).toBe(changed.id);
  });

  it('never goes back to an older state of a run', async () => {
    runs[0] = makeRun(2, { status: 'Completed', status_sequence: 9 });
    await wake();
    const stale = makeRun(2, { status: 'Running', status_sequence: 3 });
    runs = [stale, runs[1]];
    events.tell(11, { kind: 'run', subject: stale.id });
    await until(() => server.asked(LIST).length > 1);
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
    runs.push(child);
    await wake();
    model.toggle(runs[0].id);
    await until(() => model.rows.length === 3);
    expect(numbers()).toEqual([2, 5, 1]);
  });

  it('looks through all that was listed at once, whatever was looked for before', async () => {
    await wake();
    for (const [text, found] of [
      ['#1', [1]],
      ['#2', [2]],
      ['', [2, 1]]
    ] as const) {
      model.search = text;
      expect(numbers()).toEqual(found);
      expect(model.isSearching).toBe(true);
      await until(() => !model.isSearching);
    }
  });

  it('asks the server for what is searched, and shows only that', async () => {
    await wake();
    runs = [makeRun(1)];
    model.search = 'lr 0.1';
    await until(() => model.rows.length === 1);
    expect(server.asked(LIST).pop()?.query.search).toBe('lr 0.1');
  });

  it('reads as much as somebody looks at, in ever larger pages, and all for its end', async () => {
    runs = Array.from({ length: 2500 }, (_, i) => makeRun(2500 - i));
    await wake();
    expect([model.listed, model.unread]).toEqual([100, 2400]);
    await model.need(150);
    expect([model.listed, model.unread]).toEqual([200, 2300]);
    await model.need(1000);
    expect(model.listed).toBe(1000);
    await model.goToEnd(id => model.select(id));
    expect([model.listed, model.unread]).toEqual([2500, 0]);
    expect(model.selected).toBe(runs[2499].id);
    expect(server.asked(LIST)).toHaveLength(5);
  });

  it('asks no more for older runs when that failed, until the connection stands', async () => {
    runs = Array.from({ length: 300 }, (_, i) => makeRun(300 - i));
    await wake();
    server.on(LIST, { json: { code: 'busy', message: 'Busy.' }, status: 503 });
    await model.need(200);
    const asked = server.asked(LIST).length;
    await model.need(200);
    expect(server.asked(LIST)).toHaveLength(asked);
    serveRuns(server, () => runs);
    server.on(`POST ${WORKSPACE}/wake`, { json: makeInfo() });
    await events.connection.refresh();
    await events.connection.wake();
    await model.need(200);
    expect(model.listed).toBe(200);
  });

  it('takes in new runs while old ones are far away, and leaves those where they are', async () => {
    runs = Array.from({ length: 300 }, (_, i) => makeRun(300 - i));
    await wake();
    const [old] = runs.slice(-1);
    runs = [makeRun(301), ...runs];
    const asked = server.asked(LIST).length;
    events.tell(
      11,
      { kind: 'run', subject: runs[0].id },
      { kind: 'run', subject: old.id },
      { kind: 'metric', subject: old.id }
    );
    await until(() => model.listed === 101);
    expect([numbers()[0], model.unread]).toEqual([301, 200]);
    expect(model.find(old.id)).toBeUndefined();
    expect(server.asked(LIST)).toHaveLength(asked + 1);
  });

  it('narrows at once what is here, and leaves out what no longer matches', async () => {
    runs = [
      makeRun(3, { display_name: 'Alpha' }),
      makeRun(2),
      makeRun(1, { params: { lr: '0.1' } })
    ];
    await wake();
    model.search = 'lr=0.1';
    expect(numbers()).toEqual([1]);
    expect(model.isSearching).toBe(true);
    runs = [runs[2]];
    await until(() => !model.isSearching);
    const gone = runs[0];
    runs = [];
    events.tell(11, { kind: 'run', subject: gone.id });
    await until(() => numbers().length === 0);
    expect(server.asked(LIST).pop()?.query).toMatchObject({
      search: 'lr=0.1',
      ids: gone.id
    });
  });

  it('keeps the list while a condition makes no sense, and says where', async () => {
    await wake();
    const refusal = {
      code: 'invalid_filter',
      message: 'The filter cannot be understood.',
      details: { position: 8, length: 1 }
    };
    server.on(LIST, { json: refusal, status: 400 });
    model.search = 'status = x';
    await until(() => model.queryError !== null);
    expect(model.queryError?.details.position).toBe(8);
    expect(numbers()).toEqual([2, 1]);
    expect([model.error, model.isSearching]).toEqual([null, false]);
    serveRuns(server, () => runs);
    model.search = "status = 'Failed'";
    expect(model.queryError).toBeNull();
    await until(() => !model.isSearching);
    expect(server.asked(LIST).pop()?.query.filter).toBe("status = 'Failed'");
  });

  it('reads only the children that changed of an opened sweep', async () => {
    const parent = makeRun(1, { child_count: 2 });
    const children = [2, 3].map(n => makeRun(n, { parent_id: parent.id }));
    runs = [parent, ...children];
    await wake();
    model.toggle(parent.id);
    await until(() => numbers().length === 3);
    const done = { status: 'Completed', status_sequence: 9 } as const;
    runs = [
      { ...parent, children_ended: 1 },
      { ...children[0], ...done }
    ];
    const asked = server.asked(LIST).length;
    events.tell(
      11,
      { kind: 'run', subject: children[0].id },
      { kind: 'run', subject: parent.id }
    );
    await until(() => model.rows[1]?.run.status === 'Completed');
    expect(numbers()).toEqual([1, 2, 3]);
    expect(server.asked(LIST)).toHaveLength(asked + 2);
  });

  it('opens what is listed for its children, which are those that were looked for', async () => {
    const sweep = makeRun(1, { child_count: 3 });
    const children = [2, 3, 4].map(n => makeRun(n, { parent_id: sweep.id }));
    const other = makeRun(9, { child_count: 1 });
    const below = makeRun(10, { parent_id: other.id });
    runs = [other, sweep, below, ...children];
    await wake();
    model.toggle(other.id);
    await until(() => numbers().length === 3);
    expect(numbers()).toEqual([9, 10, 1]);

    // Of the one nothing but its child is found, of the other it alone.
    const answer = (query: Record<string, string>) => {
      const items =
        query.parent === sweep.id
          ? [children[1]]
          : query.parent
            ? query.filter
              ? []
              : [below]
            : [other, sweep];
      return { items, total: items.length, next_cursor: null };
    };
    server.on(LIST, ({ query }) => ({
      json: {
        ...answer(query),
        for_those_below: query.filter && !query.parent ? [sweep.id] : []
      }
    }));
    model.search = 'metrics.acc > 0.9';
    await until(() => numbers().includes(3));
    expect(numbers()).toEqual([9, 10, 1, 3]);
    expect(model.rows[3].siblings).toBe(1);

    serveRuns(server, () => runs);
    model.search = '';
    await until(() => !model.isSearching);
    expect(numbers()).toEqual([9, 10, 1]);
    model.toggle(sweep.id);
    await until(() => numbers().length === 6);
  });

  it('opens no more than a few by itself, and none that its user closed', async () => {
    runs = [...Array(20).keys()].map(i => makeRun(20 - i, { child_count: 1 }));
    await wake();
    server.on(LIST, ({ query }) => ({
      json: {
        items: query.parent ? [] : runs,
        total: runs.length,
        next_cursor: null,
        for_those_below: query.parent ? [] : runs.map(run => run.id)
      }
    }));
    model.search = 'metrics.acc > 0.9';
    const opened = () => model.rows.filter(row => row.expanded).length;
    await until(() => !model.isSearching);
    expect(opened()).toBe(10);
    model.toggle(model.rows[0].run.id);
    expect(opened()).toBe(9);
    runs = [makeRun(21, { child_count: 1 }), ...runs];
    events.tell(11, { kind: 'experiment', subject: 'digits' });
    await until(() => numbers().includes(21));
    expect(opened()).toBe(9);
  });

  it('selects several, acts on those in sight alone, and forgets what is gone', async () => {
    runs = [5, 4, 3, 2, 1].map(number => makeRun(number));
    await wake();
    const selected = () => model.selection.map(id => model.find(id)?.number);
    model.select(runs[1].id);
    model.selectTo(runs[3].id);
    expect(selected()).toEqual([4, 3, 2]);
    model.selectTo(runs[0].id);
    expect(selected()).toEqual([5, 4]);
    model.toggleSelected(runs[4].id);
    model.toggleSelected(runs[0].id);
    expect(selected()).toEqual([4, 1]);
    await model.selectAll();
    const [gone] = runs;
    runs = runs.slice(1);
    events.tell(11, { kind: 'run', subject: gone.id });
    await until(() => numbers().length === 4);
    expect(selected()).toEqual([4, 3, 2, 1]);
    model.search = '#3';
    expect(selected()).toEqual([3]);
  });

  it('keeps pinned runs on top, whatever else is listed, but not while one searches', async () => {
    const pins = new Pins();
    const child = makeRun(9, { parent_id: 'elsewhere' });
    runs = [...runs, child];
    pins.set('w1', [runs[1].id, child.id, 'gone_1_1']);
    model.dispose();
    model = new RunListModel(events.connection, pins);
    await wake();
    await until(() => numbers().length === 3);
    expect(numbers()).toEqual([1, 9, 2]);
    expect(model.rows.map(row => row.pinned)).toEqual([true, true, false]);
    runs = [
      runs[0],
      runs[1],
      { ...child, status_sequence: 9, status: 'Failed' }
    ];
    events.tell(11, { kind: 'run', subject: child.id });
    await until(() => model.rows[1].run.status === 'Failed');
    model.pin(runs[1].id, false);
    expect(numbers()).toEqual([9, 2, 1]);
    expect(pins.of('w1')).toEqual([child.id, 'gone_1_1']);
    model.search = 'digits';
    await until(() => !model.isSearching);
    expect(numbers()).toEqual([2, 1]);
  });

  it('starts anew in another workspace', async () => {
    await wake();
    const other = makeRun(7);
    server.on('GET /resolve', { json: makeInfo({ id: 'w2' }) });
    server.on('GET /workspaces/w2/changes', {
      json: { changes: [], cursor: 10 }
    });
    serveRuns(server, () => [other], '/workspaces/w2');
    events.connection.setDocument('b.ipynb');
    await until(() => numbers().join() === '7');
    expect(model.selected).toBe(other.id);
  });

  it('keeps what it has while the server is away', async () => {
    await wake();
    server.on(LIST, 'down');
    events.tell(11, { kind: 'experiment', subject: 'digits' });
    await until(() => server.asked(LIST).length > 1);
    await until(() => events.connection.state === 'lost');
    expect(numbers()).toEqual([2, 1]);
    expect(model.error).toBeNull();
  });

  it('keeps a run that was restored, whatever an older answer says', async () => {
    await wake();
    const [back] = runs;
    server.on(`POST ${WORKSPACE}/runs/${back.id}/restore`, { json: back });
    // It is asked for while it is in the trash, and restored before the answer is read.
    runs = [runs[1]];
    const asked = server.asked(LIST).length;
    events.tell(11, { kind: 'run', subject: back.id });
    await until(() => server.asked(LIST).length > asked);
    await model.restore(back.id);
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(numbers()).toEqual([2, 1]);
    expect(model.selected).toBe(back.id);
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
