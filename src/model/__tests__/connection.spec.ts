import {
  connect,
  FakeServer,
  makeInfo,
  until,
  WORKSPACE
} from '../../__tests__/server';
import { Change } from '../../api';

const CHANGES = `GET ${WORKSPACE}/changes`;
const INFO = `GET ${WORKSPACE}/info`;
const WAKE = `POST ${WORKSPACE}/wake`;

function heard(connection: ReturnType<typeof connect>['connection']) {
  const told: string[] = [];
  connection.changed.connect((_, changes: readonly Change[]) => {
    told.push(...changes.map(change => `${change.kind} ${change.subject}`));
  });
  return told;
}

describe('WorkspaceConnection', () => {
  let server: FakeServer;
  let page: { changes: Change[]; cursor: number };

  beforeEach(() => {
    server = new FakeServer();
    page = { changes: [], cursor: 10 };
    server.on(CHANGES, () => ({ json: page }));
  });

  it('asks nothing until somebody watches', async () => {
    const { connection } = connect(server);
    connection.setDocument('a.ipynb');
    await Promise.resolve();
    expect(server.requests).toEqual([]);
    connection.dispose();
  });

  it('finds the workspace of the document in front', async () => {
    const { connection } = connect(server);
    connection.setDocument('sub/a.ipynb');
    connection.watch();
    await until(() => connection.state === 'connected');
    expect(server.asked('GET /resolve').pop()?.query).toEqual({
      document: 'sub/a.ipynb'
    });
    expect(connection.info?.name).toBe('mywork');
    connection.dispose();
  });

  it('tells of another workspace when the next document lives in one', async () => {
    const { connection } = connect(server);
    connection.watch();
    await until(() => connection.state === 'connected');
    let told = 0;
    connection.workspaceChanged.connect(() => (told += 1));
    server.on('GET /resolve', { json: makeInfo({ id: 'w2' }) });
    server.on('GET /workspaces/w2/changes', { json: page });
    connection.setDocument('b.ipynb');
    await until(() => connection.info?.id === 'w2');
    expect(told).toBe(1);
    connection.dispose();
  });

  it('follows the workspace that it was given, whatever document is in front', async () => {
    server.on('GET /workspaces/w2/info', { json: makeInfo({ id: 'w2' }) });
    server.on('GET /workspaces/w2/changes', { json: page });
    const { connection } = connect(server, 'w2');
    connection.setDocument('b.ipynb');
    connection.watch();
    await until(() => connection.state === 'connected');
    expect(connection.info?.id).toBe('w2');
    expect(server.asked('GET /resolve')).toEqual([]);
    connection.dispose();
  });

  it('says nothing of a workspace that was left before it answered', async () => {
    const { connection, tell } = connect(server);
    const gone = { code: 'not_found', message: 'It is gone.' };
    const other = (id: string) => {
      server.on(`GET /workspaces/${id}/info`, { json: makeInfo({ id }) });
      server.on(`GET /workspaces/${id}/changes`, { json: page });
    };
    other('w3');
    other('w4');
    server.on('GET /workspaces/w2/info', () => {
      connection.choose('w3');
      return { json: gone, status: 404 };
    });
    connection.watch();
    await until(() => connection.state === 'connected');
    const states = new Set<string>();
    connection.stateChanged.connect(() => states.add(connection.state));
    connection.choose('w2');
    await until(() => connection.info?.id === 'w3');
    server.on('GET /workspaces/w3/info', () => {
      connection.choose('w4');
      return { json: gone, status: 404 };
    });
    tell(11, { kind: 'run', subject: 'r1' });
    void connection.reread();
    await until(() => connection.info?.id === 'w4');
    expect([...states]).toEqual(['connected']);
    connection.dispose();
  });

  it.each([
    ['w1', 'w1', 2000],
    ['w2', undefined, 10000]
  ])(
    'looks after %s, which was %s here before, every %d ms while it is not there',
    async (workspace, known, pause) => {
      const { connection } = connect(server, workspace);
      connection.watch();
      await until(() => connection.state !== 'connecting');
      expect(connection.info?.id).toBe(known);
      const wait = jest.spyOn(window, 'setTimeout');
      // A poll waits for a random time, which begins with the one that it was told.
      const random = jest.spyOn(Math, 'random').mockReturnValue(0);
      server.answers.clear();
      await connection.refresh();
      await until(() => connection.state === 'failed');
      const waits = () => wait.mock.calls.map(([, ms]) => ms ?? 0);
      await until(() => waits().some(it => it >= 2000));
      expect(Math.max(...waits())).toBe(pause);
      random.mockRestore();
      wait.mockRestore();
      connection.dispose();
    }
  );

  it('looks after the dispatcher while runs are live, though no change tells of it', async () => {
    server.on('GET /resolve', { json: makeInfo({ active_count: 1 }) });
    const { connection } = connect(server);
    connection.watch();
    await until(() => connection.state === 'connected');
    const dispatcher = {
      alive: false,
      pid: null,
      version: null,
      message: 'broken',
      troubles: {}
    };
    server.on(INFO, { json: makeInfo({ dispatcher }) });
    const { now } = Date;
    const clock = jest
      .spyOn(Date, 'now')
      .mockImplementation(() => now() + 5000);
    void connection.refresh();
    await until(() => connection.info?.dispatcher.message === 'broken');
    clock.mockRestore();
    connection.dispose();
  });

  it('wakes the dispatcher, and knows what came of it', async () => {
    const { connection } = connect(server);
    connection.watch();
    await until(() => connection.state === 'connected');
    server.on(WAKE, { json: makeInfo({ run_count: 7 }) });
    await connection.wake();
    expect(connection.info?.run_count).toBe(7);
    const json = { code: 'unavailable', message: 'It did not start.' };
    server.on(WAKE, { json, status: 503 });
    server.on(INFO, { json: makeInfo({ run_count: 8 }) });
    await expect(connection.wake()).rejects.toThrow('It did not start.');
    expect(connection.info?.run_count).toBe(8);
    connection.dispose();
  });

  it('passes on what the event stream tells, at once', async () => {
    const { connection, tell } = connect(server);
    const told = heard(connection);
    connection.watch();
    await until(() => connection.state === 'connected');
    tell(11, { kind: 'metric', subject: 'r1' });
    expect(told).toEqual(['metric r1']);
    connection.dispose();
  });

  it('catches up on what the stream lost, and repeats nothing', async () => {
    const { connection, tell } = connect(server);
    const told = heard(connection);
    connection.watch();
    await until(() => connection.state === 'connected');
    tell(13, { kind: 'metric', subject: 'r1' });
    page = {
      cursor: 13,
      changes: [
        { cursor: 12, kind: 'run', subject: 'r2' },
        { cursor: 13, kind: 'metric', subject: 'r1' }
      ]
    };
    await connection.refresh();
    await until(() => told.length > 1);
    expect(told).toEqual(['metric r1', 'run r2']);
    expect(server.asked(CHANGES).pop()?.query.since).toBe('10');
    connection.dispose();
  });

  it('tells a newer change of a subject that was told before', async () => {
    const { connection, tell } = connect(server);
    const told = heard(connection);
    connection.watch();
    await until(() => connection.state === 'connected');
    tell(11, { kind: 'run', subject: 'r1' });
    page = {
      cursor: 15,
      changes: [{ cursor: 15, kind: 'run', subject: 'r1' }]
    };
    await connection.refresh();
    await until(() => told.length > 1);
    expect(told).toEqual(['run r1', 'run r1']);
    connection.dispose();
  });

  it('ignores the events of other workspaces', async () => {
    const { connection, tell } = connect(server);
    const told = heard(connection);
    connection.watch();
    await until(() => connection.state === 'connected');
    server.on('GET /resolve', { json: makeInfo({ id: 'w2' }) });
    server.on('GET /workspaces/w2/changes', { json: page });
    connection.setDocument('b.ipynb');
    await until(() => connection.info?.id === 'w2');
    tell(11, { kind: 'run', subject: 'r1' });
    expect(told).toEqual([]);
    connection.dispose();
  });

  it('is lost when the server goes, and heals by itself', async () => {
    const { connection } = connect(server);
    const states: string[] = [];
    connection.stateChanged.connect(() => states.push(connection.state));
    connection.watch();
    await until(() => connection.state === 'connected');
    server.on(CHANGES, 'down');
    await connection.refresh();
    await until(() => connection.state === 'lost');
    server.on(CHANGES, () => ({ json: page }));
    await until(() => connection.state === 'connected');
    expect(connection.error).toBeNull();
    connection.dispose();
  });

  it('shows a refusal of the server as it is', async () => {
    server.on('GET /resolve', {
      json: {
        code: 'workspace_error',
        message: 'It is newer.',
        hint: 'Update.'
      },
      status: 409
    });
    const { connection } = connect(server);
    connection.watch();
    await until(() => connection.state === 'failed');
    expect(connection.error?.message).toBe('It is newer.');
    connection.dispose();
  });

  it('sleeps when the last watcher leaves', async () => {
    const { connection, tell } = connect(server);
    const told = heard(connection);
    const watch = connection.watch();
    await until(() => connection.state === 'connected');
    watch.dispose();
    tell(11, { kind: 'run', subject: 'r1' });
    expect(told).toEqual([]);
    connection.dispose();
  });

  describe('when the server goes', () => {
    const RUN = `GET ${WORKSPACE}/runs/r1`;
    const ask = (connection: ReturnType<typeof connect>['connection']) =>
      connection.request('runs.get', { run: 'r1' });
    const run = { id: 'r1' };

    const connected = async () => {
      const made = connect(server);
      const watch = made.connection.watch();
      await until(() => made.connection.state === 'connected');
      return { ...made, watch };
    };
    const goes = () => server.on(RUN, 'down').on(CHANGES, 'down');

    it('sends a read again that got no answer, when it is back', async () => {
      const { connection } = await connected();
      goes();
      const answer = ask(connection);
      await until(() => connection.state === 'lost');
      server.on(RUN, { json: run }).on(CHANGES, () => ({ json: page }));
      expect(await answer).toEqual(run);
      expect(connection.state).toBe('connected');
      connection.dispose();
    });

    it('does not wait for it where nobody watches', async () => {
      const { connection, watch } = await connected();
      goes();
      const waits = ask(connection);
      await until(() => connection.state === 'lost');
      watch.dispose();
      await expect(waits).rejects.toThrow('does not answer');
      await expect(ask(connection)).rejects.toThrow('does not answer');
      connection.dispose();
    });

    it('sends nothing twice that changes something', async () => {
      const { connection } = await connected();
      const route = `POST ${WORKSPACE}/runs/r1/cancel`;
      server.on(route, 'down');
      await expect(
        connection.request('runs.cancel', { run: 'r1' })
      ).rejects.toThrow('does not answer');
      expect(server.asked(route)).toHaveLength(1);
      connection.dispose();
    });

    it.each([
      ['not_found', 404],
      ['unavailable', 503]
    ])(
      'reads again what was refused as %s while nothing of the workspace was there',
      async (code, status) => {
        const { connection } = await connected();
        const refusal = { json: { code, message: 'It is away.' }, status };
        const routes = [RUN, CHANGES, INFO, 'GET /resolve'];
        const before = new Map(server.answers);
        routes.forEach(route => server.on(route, refusal));
        const answer = ask(connection);
        await until(() => connection.state === 'failed');
        expect(connection.error?.message).toBe('It is away.');
        routes.forEach(route => server.on(route, before.get(route)!));
        server.on(RUN, { json: run });
        await connection.refresh();
        expect(await answer).toEqual(run);
        expect(connection.state).toBe('connected');
        connection.dispose();
      }
    );

    it('tells at once what is not there in a workspace that is', async () => {
      const { connection } = await connected();
      server.on(RUN, {
        json: { code: 'not_found', message: 'No such run.' },
        status: 404
      });
      await expect(ask(connection)).rejects.toThrow('No such run.');
      expect(connection.state).toBe('connected');
      connection.dispose();
    });

    it('gives up a read that fails although the server is there', async () => {
      const { connection } = await connected();
      server.on(RUN, 'down');
      await expect(ask(connection)).rejects.toThrow('does not answer');
      expect(server.asked(RUN)).toHaveLength(3);
      connection.dispose();
    });
  });

  it('asks for the same once, also over another connection', async () => {
    const route = `GET ${WORKSPACE}/runs/r1`;
    server.on(route, { json: {} });
    const { connection } = connect(server);
    connection.watch();
    await until(() => connection.state === 'connected');
    const views = [1, 2, 3, 4, 5].map(() =>
      connection.request('runs.get', { run: 'r1' })
    );
    await Promise.all(views);
    expect(server.asked(route)).toHaveLength(1);
    connection.dispose();
  });

  it('reads all anew when the records are older than what was told of them', async () => {
    const { connection, tell } = connect(server);
    const told = heard(connection);
    let restarts = 0;
    connection.workspaceChanged.connect(() => (restarts += 1));
    connection.watch();
    await until(() => connection.state === 'connected');
    expect(restarts).toBe(1);
    page = { changes: [], cursor: 4 };
    await connection.refresh();
    await until(() => restarts === 2);
    tell(5, { kind: 'run', subject: 'r1' });
    expect(told).toEqual(['run r1']);
    connection.dispose();
  });

  it('follows the workspace that was chosen, until the document is followed again', async () => {
    server.on('GET /workspaces/w2/info', { json: makeInfo({ id: 'w2' }) });
    server.on('GET /workspaces/w2/changes', { json: page });
    const { connection } = connect(server);
    connection.setDocument('a.ipynb');
    connection.watch();
    await until(() => connection.info?.id === 'w1');
    connection.choose('w2');
    await until(() => connection.info?.id === 'w2');
    expect(connection.document).toBe('');
    // Another notebook in front changes nothing.
    connection.setDocument('b.ipynb');
    await connection.refresh();
    expect(connection.info?.id).toBe('w2');
    connection.choose(null);
    await until(() => connection.info?.id === 'w1');
    expect(connection.document).toBe('b.ipynb');
    // The one that the document belongs to needs no choice.
    connection.choose('w1');
    expect(connection.chosen).toBeNull();
    connection.dispose();
  });

  it('keeps to a choice of what the document belonged to before it got a workspace of its own', async () => {
    const created = makeInfo({ id: 'w2' });
    server.on('GET /workspaces/w2/info', { json: created });
    server.on('GET /workspaces/w2/changes', { json: page });
    server.on('GET /workspaces/w1/info', { json: makeInfo({ id: 'w1' }) });
    server.on('POST /workspaces', { json: created });
    const { connection } = connect(server);
    connection.setDocument('a.ipynb');
    connection.watch();
    await until(() => connection.info?.id === 'w1');
    const wish = { folder: 'a', name: '', database: '' };
    await connection.request('registry.create', {}, wish);
    connection.choose('w2');
    await until(() => connection.info?.id === 'w2');
    connection.choose('w1');
    await until(() => connection.info?.id === 'w1');
    expect(connection.chosen).toBe('w1');
    connection.dispose();
  });
});
