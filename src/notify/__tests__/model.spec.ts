import { nullTranslator } from '@jupyterlab/translation';

import {
  connect,
  FakeServer,
  IEvents,
  makeMetric,
  makeRun,
  until,
  WORKSPACE
} from '../../__tests__/server';
import { Endings, IEnding } from '../model';
import { endText, isTold } from '../words';

const trans = nullTranslator.load('');
const live = makeRun(1);
const done = makeRun(1, {
  status: 'Completed',
  ended_at: '2026-01-31T12:01:05Z',
  metrics: [makeMetric('accuracy')]
});
const ROUTE = `${WORKSPACE}/runs/${live.id}`;

describe('Endings', () => {
  let server: FakeServer;
  let events: IEvents;
  let endings: Endings;
  let told: IEnding[];

  beforeEach(() => {
    server = new FakeServer();
    server.on(`GET ${ROUTE}`, { json: live });
    events = connect(server, 'w1');
    endings = new Endings(() => events.connection);
    told = [];
    endings.ended.connect((_, ending) => told.push(ending));
  });

  afterEach(() => {
    endings.dispose();
    events.connection.dispose();
    jest.restoreAllMocks();
  });

  it('tells an end once, and sleeps when nothing is awaited', async () => {
    endings.follow({ workspace: 'w1', run: live.id });
    endings.follow({ workspace: 'w1', run: live.id });
    await until(() => server.asked(`GET ${ROUTE}`).length === 1);
    expect(events.connection.isWatched).toBe(true);
    expect(endings.awaited).toEqual([{ workspace: 'w1', run: live.id }]);
    server.on(`GET ${ROUTE}`, { json: done });
    events.tell(11, { kind: 'run', subject: live.id });
    await until(() => told.length === 1);
    expect(told[0].run.status).toBe('Completed');
    expect(events.connection.isWatched).toBe(false);
    expect(endings.awaited).toEqual([]);
  });

  it('sees what ended before it looked', async () => {
    server.on(`GET ${ROUTE}`, { json: done });
    endings.follow({ workspace: 'w1', run: live.id });
    await until(() => told.length === 1);
  });

  it('does not wait for a run that is gone', async () => {
    server.answers.delete(`GET ${ROUTE}`);
    endings.follow({ workspace: 'w1', run: live.id });
    await until(() => endings.awaited.length === 0);
    expect(told).toEqual([]);
  });
});

describe('isTold', () => {
  const failed = makeRun(2, {
    status: 'Failed',
    ended_at: '2026-01-31T12:00:11Z'
  });

  it.each([
    ['all', 30, true, false],
    ['all', 0, true, true],
    ['failed', 0, false, true],
    ['none', 0, false, false]
  ] as const)('of %s from %d s on', (wanted, seconds, good, bad) => {
    expect(isTold(done, { wanted, seconds })).toBe(good);
    expect(isTold(failed, { wanted, seconds })).toBe(bad);
  });

  it('leaves out what somebody canceled', () => {
    const run = makeRun(3, { ...done, status: 'Canceled' });
    expect(isTold(run, { wanted: 'all', seconds: 0 })).toBe(false);
  });
});

describe('endText', () => {
  it('says how it ended', () => {
    expect(endText(trans, done)).toBe(
      '#1 digits completed after 1:04 · accuracy 0.5000'
    );
    const error = {
      code: 'ValueError',
      message: 'no\u202e such file',
      exit_code: 1,
      signal: null,
      traceback: ''
    };
    expect(
      endText(trans, makeRun(2, { ...done, status: 'Failed', error }))
    ).toBe('#1 digits failed after 1:04: no\\u202e such file');
  });
});
