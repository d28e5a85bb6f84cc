import {
  connect,
  encodeSeries,
  FakeServer,
  IEvents,
  makeInfo,
  makeMetric,
  makeRun,
  until,
  WORKSPACE
} from '../../__tests__/server';
import { Run } from '../../api';
import { CardModel } from '../model';

const ID = 'digits_1_12';
const RUN = `GET ${WORKSPACE}/runs/${ID}`;
const LOG = `GET ${WORKSPACE}/runs/${ID}/logs`;
const POINTS = `GET ${WORKSPACE}/runs/${ID}/metric`;
const ENDED = {
  status: 'Completed',
  status_sequence: 9,
  ended_at: '2026-01-31T12:01:00Z'
} as const;

describe('CardModel', () => {
  let server: FakeServer;
  let events: IEvents;
  let model: CardModel;
  let run: Run;
  let log: string;

  beforeEach(() => {
    server = new FakeServer();
    log = 'epoch 1\n';
    run = makeRun(12, {
      metrics: ['loss', 'acc', 'lr'].map(name => makeMetric(name)),
      source: { ...makeRun(12).source, cell_id: 'c1' }
    });
    server
      .on(RUN, () => ({ json: run }))
      .on(LOG, ({ query }) => ({
        json: {
          text: log.slice(Math.max(0, Number(query.offset))),
          next_offset: log.length,
          size_bytes: log.length,
          ended: false
        }
      }))
      .on(POINTS, ({ query }) => ({
        bytes: encodeSeries(query.name, 2, { step: [0, 1], value: [1, 0.5] })
      }))
      .on(`GET ${WORKSPACE}/runs/${ID}/files`, {
        json: { items: [], next_cursor: null }
      })
      .on(`GET ${WORKSPACE}/snapshots/s1/summary`, {
        json: { id: 's1', file_count: 2, size_bytes: 9, created_at: '' }
      })
      .on(`${RUN}/metrics`, ({ query }) => ({
        json: {
          items:
            query.system === 'true' ? [makeMetric('system/cpu_percent')] : [],
          next_cursor: null
        }
      }))
      .on(`${RUN}/typed`, {
        json: { items: [{ name: 'c', type: 'image' }], next_cursor: null }
      })
      .on(`GET ${WORKSPACE}/runs`, () => ({
        json: {
          items: [
            run,
            makeRun(11, { source: run.source }),
            makeRun(10, { source: { ...run.source, cell_id: 'c2' } })
          ],
          next_cursor: null
        }
      }));
    events = connect(server, 'w1');
    model = new CardModel(events.connection, 'w', ID);
  });

  afterEach(() => {
    model.dispose();
    events.connection.dispose();
  });

  async function see(): Promise<void> {
    model.seen = true;
    await until(
      () => model.charts.some(it => it.count > 0) && model.siblings.length > 0
    );
  }

  it('asks nothing until the card is seen', async () => {
    await Promise.resolve();
    expect(server.requests).toEqual([]);
    expect(model.isAwake).toBe(false);
  });

  it('reads the run, the most telling metrics, the log and the runs of the cell', async () => {
    await see();
    await until(() => model.log !== '');
    expect(model.run?.number).toBe(12);
    expect(model.charts.map(points => points.name)).toEqual(['acc', 'loss']);
    expect(model.log).toBe('epoch 1\n');
    expect(model.siblings.map(it => it.number)).toEqual([11]);
  });

  it('reads what the processes use while they run, and once what travelled', async () => {
    run = { ...run, snapshot_id: 's1' };
    await see();
    await until(() => model.usage.length > 0 && model.snapshot !== null);
    expect(model.snapshot?.file_count).toBe(2);
    run = { ...run, ...ENDED };
    events.tell(11, { kind: 'run', subject: ID });
    await until(() => model.isComplete);
    expect(model.usage).toEqual([]);
    expect(
      server.requests.filter(it => it.path.includes('/snapshots/'))
    ).toHaveLength(1);
  });

  it('asks which values the run logged only where there are files of values', async () => {
    await see();
    expect(server.asked(`${RUN}/typed`)).toEqual([]);
    const items = [{ name: 'c/0.svg', kind: 'output' }];
    server.on(`${RUN}/files`, { json: { items, next_cursor: null } });
    events.tell(11, { kind: 'file', subject: ID });
    await until(() => model.typed.length > 0);
    expect(model.files).toHaveLength(1);
  });

  it('follows the run while it is seen, and nothing while it is not', async () => {
    await see();
    log += 'epoch 2\n';
    events.tell(11, { kind: 'log', subject: ID });
    await until(() => model.log.includes('epoch 2'));

    model.seen = false;
    expect(model.isAwake).toBe(false);
    const before = server.requests.length;
    log += 'epoch 3\n';
    events.tell(12, { kind: 'log', subject: ID });
    await new Promise(resolve => setTimeout(resolve, 250));
    expect(server.requests.length).toBe(before);

    model.seen = true;
    await until(() => model.log.includes('epoch 3'));
  });

  it('reads everything once more when the run ends, and then costs nothing', async () => {
    await see();
    run = { ...run, ...ENDED };
    log += 'done\n';
    events.tell(11, { kind: 'run', subject: ID });
    await until(() => !model.isAwake);
    expect(model.log).toContain('done');
    const before = server.requests.length;
    model.seen = false;
    model.seen = true;
    events.tell(12, { kind: 'run', subject: ID });
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(server.requests.length).toBe(before);
  });

  it('reads again what it missed while nobody answered', async () => {
    server.on(RUN, 'down').on(`GET ${WORKSPACE}/info`, 'down');
    model.seen = true;
    await until(() => model.connectionState === 'lost');
    expect(model.error).toBeNull();
    server.on(RUN, () => ({ json: run }));
    server.on(`GET ${WORKSPACE}/info`, { json: makeInfo() });
    await until(() => model.run !== null);
    expect(model.isAwake).toBe(true);
  });

  it('says that the server does not know the run, and sleeps', async () => {
    server.answers.delete(RUN);
    model.seen = true;
    await until(() => model.error !== null);
    expect(model.error?.code).toBe('not_found');
    expect(model.isAwake).toBe(false);
  });

  it('asks for the end of the run, and shows at once that it was asked for', async () => {
    await see();
    server.on(`POST ${WORKSPACE}/runs/${ID}/cancel`, {
      json: { ...run, status: 'CancelRequested', status_sequence: 4 }
    });
    await model.cancel();
    expect(model.run?.status).toBe('CancelRequested');
  });
});
