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
});
