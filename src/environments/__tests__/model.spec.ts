import {
  connected,
  FakeServer,
  IEvents,
  makeInfo,
  until,
  WORKSPACE
} from '../../__tests__/server';
import { buildSubmission } from '../actions';
import { createEnvironmentList, groupByName, LocksModel } from '../model';
import { makeBuilt, makeEnvironment } from './support';

const AT = `${WORKSPACE}/environments`;
const LOCK = { system: 'x', python: '3.11', digest: 'd', text: 'six==1\n' };
const SMALL = { name: 'small', version: 1 };

describe('environments by name', () => {
  it('have their versions, the newest first, and what is built of them', () => {
    const entries = groupByName(
      [
        makeEnvironment('b', 1),
        makeEnvironment('a', 1),
        makeEnvironment('a', 2),
        makeEnvironment('kernel', 7),
        makeEnvironment('sklearn', 1)
      ],
      [makeBuilt('a:2', 'b:1')]
    );
    const [a, b, kernel, ...shipped] = entries;
    expect(kernel.recorded).toBe(true);
    expect(a.versions.map(it => it.version)).toEqual([2, 1]);
    expect(a.built.has('a:2')).toBe(true);
    expect(a.built.has('a:1')).toBe(false);
    expect(b.name).toBe('b');
    expect(shipped.every(it => it.shipped)).toBe(true);
    expect(shipped.find(it => it.name === 'sklearn')?.versions.length).toBe(1);
    expect(shipped.find(it => it.name === 'minimal')?.versions).toEqual([]);
  });
});

describe('what is read of environments', () => {
  let server: FakeServer;
  let events: IEvents;

  beforeEach(async () => {
    server = new FakeServer();
    server.on(`GET ${AT}`, {
      json: { items: [makeEnvironment('small', 1)], next_cursor: null }
    });
    server.on(`GET ${WORKSPACE}/built-environments`, {
      json: { items: [], next_cursor: null }
    });
    server.on(`GET ${AT}/small/versions/1/locks`, {
      json: { items: [], next_cursor: null }
    });
    events = await connected(server);
  });

  afterEach(() => {
    events.connection.dispose();
    jest.restoreAllMocks();
  });

  it('is the list, again after a change and when a run may have built one', async () => {
    const list = createEnvironmentList(events.connection);
    list.active = true;
    await until(() => list.items.length > 0);
    expect(list.items[0].name).toBe('small');
    events.tell(11, { kind: 'metric', subject: 'r' });
    events.tell(12, { kind: 'environment', subject: 'small:2' });
    await until(() => server.asked(`GET ${AT}`).length === 2);
    list.dispose();
  });

  it('is a lock when somebody looks, once', async () => {
    const locks = new LocksModel(events.connection);
    expect(locks.get(SMALL).locks).toBeNull();
    await locks.read(SMALL);
    expect(locks.get(SMALL).locks).toEqual([]);
    server.on(`GET ${AT}/small/versions/1/locks`, {
      json: { items: [LOCK], next_cursor: null }
    });
    events.tell(11, { kind: 'run', subject: 'build' });
    await locks.read(SMALL);
    await locks.read(SMALL);
    expect(locks.get(SMALL).locks).toEqual([LOCK]);
    expect(server.asked(`GET ${AT}/small/versions/1/locks`).length).toBe(2);
    locks.dispose();
  });

  it('is what a kernel had installed, which was never resolved', async () => {
    const kernel = makeEnvironment('kernel', 3, {
      python: '3.11',
      packages: ['attrs==25.4.0', 'six==1.17.0']
    });
    server.on(`GET ${AT}/kernel/versions/3/locks`, {
      json: { items: [], next_cursor: null }
    });
    server.on(`GET ${AT}/kernel`, { json: kernel });
    const locks = new LocksModel(events.connection);
    await locks.read(kernel);
    expect(locks.get(kernel).locks).toEqual([
      {
        system: '',
        python: '3.11',
        digest: '',
        text: 'attrs==25.4.0\nsix==1.17.0'
      }
    ]);
    expect(server.asked(`GET ${AT}/kernel`)[0].query.version).toBe('3');
    locks.dispose();
  });

  it('is resolved at a word, and says why it cannot be', async () => {
    const locks = new LocksModel(events.connection);
    const route = `POST ${AT}/small/versions/1/lock`;
    server.on(route, {
      json: { code: 'unavailable', message: 'No index.', hint: 'Look.' },
      status: 503
    });
    await locks.resolve(SMALL);
    expect(locks.get(SMALL).error?.message).toBe('No index.');
    server.on(route, { json: LOCK });
    const [first] = [locks.resolve(SMALL), locks.resolve(SMALL)];
    expect(locks.get(SMALL).busy).toBe(true);
    await first;
    expect(locks.get(SMALL)).toEqual({
      locks: [LOCK],
      error: null,
      busy: false
    });
    expect(server.asked(route).length).toBe(2);
    locks.dispose();
  });

  it('is forgotten with the workspace', async () => {
    const locks = new LocksModel(events.connection);
    await locks.read(SMALL);
    server.on('GET /resolve', { json: makeInfo({ id: 'w2' }) });
    events.connection.setDocument('other.ipynb');
    await until(() => events.connection.info?.id === 'w2');
    expect(locks.get(SMALL).locks).toBeNull();
    locks.dispose();
  });
});

it('is built by a run that does nothing, where it can be', () => {
  const wish = buildSubmission(makeEnvironment('small', 2), 'a.ipynb', 'k');
  expect(wish).toMatchObject({
    command: ['python', '-c', 'pass'],
    environment: 'small:2',
    compute_target: 'local',
    key: 'k'
  });
  expect(wish.source?.document).toBe('a.ipynb');
  const image = makeEnvironment('big', 1, { base_image: 'python:3.11' });
  expect(buildSubmission(image, '', 'k').compute_target).toBe('docker');
});
