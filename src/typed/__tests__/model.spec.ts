import {
  connected,
  FakeServer,
  IEvents,
  until,
  WORKSPACE
} from '../../__tests__/server';
import { ROWS, TypedMetricsModel } from '../model';

const RUN = 'digits_1_1';
const AT = `GET ${WORKSPACE}/runs/${RUN}`;

describe('TypedMetricsModel', () => {
  let server: FakeServer;
  let events: IEvents;
  let model: TypedMetricsModel;
  let logged: Map<string, { type: string; values: unknown[] }>;
  /** Values in one answer, at most. */
  let piece: number;

  const log = (name: string, type: string, ...values: unknown[]) => {
    const entry = logged.get(name) ?? { type, values: [] };
    entry.values.push(...values);
    logged.set(name, entry);
  };

  const tell = () => events.tell(11, { kind: 'metric', subject: RUN });

  const asked = (name: string) =>
    server.asked(`${AT}/values`).filter(it => it.query.name === name);

  beforeEach(async () => {
    logged = new Map();
    piece = 1000;
    server = new FakeServer();
    server.on(`${AT}/typed`, () => ({
      json: {
        items: [...logged].sort().map(([name, { type, values }]) => ({
          name,
          type,
          count: values.length,
          updated_at: `at ${values.length}`
        })),
        next_cursor: null
      }
    }));
    server.on(`${AT}/values`, ({ query }) => {
      const after = Number(query.after);
      const { type, values } = logged.get(query.name)!;
      const limit = Math.min(piece, Number(query.limit));
      const items = values.slice(after, after + limit).map((value, i) => ({
        index: after + i,
        type,
        at: '2026-01-31T12:00:00Z',
        step: null,
        description: '',
        value
      }));
      const end = after + items.length;
      return {
        json: { items, next_cursor: end < values.length ? `${end}` : null }
      };
    });
    events = await connected(server);
    model = new TypedMetricsModel(events.connection);
  });

  afterEach(() => {
    model.dispose();
    events.connection.dispose();
  });

  const open = async () => {
    model.active = true;
    model.setRun(RUN);
    await until(() => server.asked(`${AT}/typed`).length > 0);
  };

  const values = (name: string) =>
    model.shown(name)?.values.map(it => it.value) ?? [];

  it('asks nothing while nobody looks, and no values where there are none', async () => {
    model.setRun(RUN);
    expect(server.asked(`${AT}/typed`)).toEqual([]);
    await open();
    expect(model.items).toEqual([]);
    expect(server.asked(`${AT}/values`)).toEqual([]);
  });

  it('reads the values of what is open only', async () => {
    for (const name of ['a', 'b', 'c', 'd']) {
      log(name, 'list', [1]);
    }
    await open();
    await until(() => values('c').length > 0);
    expect(model.isOpen('d')).toBe(false);
    expect(asked('d')).toEqual([]);
    model.setOpen('d', true);
    await until(() => values('d').length > 0);
  });

  it('shows the newest value, and reads nothing again that did not change', async () => {
    log('curve', 'residuals', 'old', 'new');
    log('other', 'list', [1]);
    await open();
    await until(() => values('other').length > 0);
    expect(values('curve')).toEqual(['new']);
    expect(asked('curve')[0].query).toMatchObject({ after: '1', limit: '1' });
    log('other', 'list', [2]);
    tell();
    await until(() => model.shown('other')?.count === 2);
    expect(asked('curve').length).toBe(1);
  });

  it('stays at a value that was chosen until the newest is', async () => {
    log('curve', 'residuals', 1, 2, 3);
    await open();
    await until(() => values('curve')[0] === 3);
    model.show('curve', 0);
    await until(() => values('curve')[0] === 1);
    log('curve', 'residuals', 4);
    tell();
    await until(() => model.shown('curve')?.count === 4);
    expect(values('curve')).toEqual([1]);
    model.show('curve', 3);
    await until(() => values('curve')[0] === 4);
    log('curve', 'residuals', 5);
    tell();
    await until(() => values('curve')[0] === 5);
  });

  it('shows a full page of rows, in pieces if need be, with all columns seen', async () => {
    for (let i = 0; i < ROWS + 7; i++) {
      log('rows', 'row', i < 3 ? { early: i } : { late: i });
    }
    piece = 20;
    await open();
    await until(() => values('rows').length === ROWS);
    expect(model.shown('rows')?.first).toBe(7);
    expect(model.columns('rows')).toEqual(['late']);
    model.show('rows', 0);
    await until(() => model.shown('rows')?.first === 0);
    expect(model.columns('rows')).toEqual(['late', 'early']);
  });

  it('keeps open what was open when another name comes before it', async () => {
    log('m', 'list', [1]);
    await open();
    await until(() => values('m').length > 0);
    log('a', 'list', [1]);
    log('b', 'list', [1]);
    log('c', 'list', [1]);
    tell();
    await until(() => values('b').length > 0);
    expect(['a', 'b', 'c', 'm'].filter(it => model.isOpen(it))).toEqual([
      'a',
      'b',
      'm'
    ]);
  });

  it('forgets the values of a run when another is shown, not what was closed', async () => {
    log('m', 'list', [1]);
    await open();
    await until(() => values('m').length > 0);
    model.setOpen('m', false);
    model.setRun('another');
    expect(model.items).toEqual([]);
    expect(model.shown('m')).toBeNull();
    model.setRun(RUN);
    await until(() => model.items.length > 0);
    expect(model.isOpen('m')).toBe(false);
  });

  it('says where values cannot be read', async () => {
    log('m', 'list', [1]);
    server.on(`${AT}/values`, {
      json: { code: 'corrupt_data', message: 'Broken.', hint: 'Look.' },
      status: 500
    });
    await open();
    await until(() => model.error('m') !== null);
    expect(model.error('m')?.message).toBe('Broken.');
  });
});
