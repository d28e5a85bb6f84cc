import { nullTranslator } from '@jupyterlab/translation';

import { Run } from '../../api';
import {
  connect,
  FakeServer,
  IEvents,
  makeMetric,
  makeRun,
  until,
  WORKSPACE
} from '../../__tests__/server';
import { badgeText } from '../Badge';
import { CellRuns } from '../runs';

const ROUTE = `GET ${WORKSPACE}/runs`;

function ofCell(number: number, cell: string, facts: Partial<Run> = {}): Run {
  const run = makeRun(number, facts);
  return { ...run, source: { ...run.source, cell_id: cell } };
}

describe('CellRuns', () => {
  let server: FakeServer;
  let events: IEvents;
  let runs: CellRuns;
  let path: string;

  const answer = (...items: Run[]) =>
    server.on(ROUTE, { json: { items, next_cursor: null } });

  beforeEach(() => {
    server = new FakeServer();
    events = connect(server, 'w1');
    path = 'a.ipynb';
    runs = new CellRuns({
      path: () => path,
      resolve: async () => ({ id: 'w1' }),
      connect: () => events.connection
    });
  });

  afterEach(() => {
    runs.dispose();
    events.connection.dispose();
    jest.restoreAllMocks();
  });

  it('asks nothing before somebody looks', async () => {
    answer(ofCell(1, 'c1'));
    runs.refresh();
    events.tell(11, { kind: 'run', subject: 'digits_1_1' });
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(server.requests).toEqual([]);
    expect(runs.of('c1')).toBeNull();
  });

  it('knows the newest run of each cell', async () => {
    answer(ofCell(3, 'c1'), ofCell(2, 'c2'), ofCell(1, 'c1'), ofCell(0, ''));
    runs.seen = true;
    await until(() => runs.hasAny);
    expect(runs.of('c1')?.number).toBe(3);
    expect(runs.of('c2')?.number).toBe(2);
    expect(runs.of('')).toBeNull();
    expect(runs.workspace).toBe('w1');
    expect(server.asked(ROUTE)[0].query).toMatchObject({ document: path });
  });

  it('follows live runs while they are seen, and sleeps at their end', async () => {
    answer(ofCell(1, 'c1'));
    runs.seen = true;
    await until(() => runs.isAwake);
    runs.seen = false;
    expect(runs.isAwake).toBe(false);
    runs.seen = true;
    expect(runs.isAwake).toBe(true);
    answer(ofCell(1, 'c1', { status: 'Completed' }));
    events.tell(11, { kind: 'run', subject: 'digits_1_1' });
    await until(() => runs.of('c1')?.status === 'Completed');
    expect(runs.isAwake).toBe(false);
  });

  it('forgets what it knew under another name', async () => {
    answer(ofCell(1, 'c1', { status: 'Completed' }));
    runs.seen = true;
    await until(() => runs.hasAny);
    answer();
    path = 'b.ipynb';
    runs.reset();
    expect(runs.of('c1')).toBeNull();
    await until(() =>
      server.asked(ROUTE).some(it => it.query.document === 'b.ipynb')
    );
  });

  it('leaves trouble to the panel', async () => {
    server.on(ROUTE, {
      json: { code: 'forbidden', message: 'No.' },
      status: 403
    });
    runs.seen = true;
    await until(() => server.asked(ROUTE).length === 1);
    expect(runs.hasAny).toBe(false);
  });
});

describe('badgeText', () => {
  const trans = nullTranslator.load('');

  it('is the status with the main metric', () => {
    const run = makeRun(1, { metrics: [makeMetric('accuracy')] });
    expect(badgeText(trans, run)).toBe('Running · accuracy 0.5000');
  });

  it('names what failed', () => {
    const error = {
      code: 'ValueError\u202e',
      message: '',
      exit_code: 1,
      signal: null,
      traceback: ''
    };
    expect(badgeText(trans, makeRun(1, { status: 'Failed', error }))).toBe(
      'Failed · ValueError\\u202e'
    );
    expect(badgeText(trans, makeRun(1, { status: 'Queued' }))).toBe('Queued');
  });
});
