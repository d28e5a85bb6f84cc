import {
  connect,
  encodeSeries,
  FakeServer,
  makeMetric,
  makeRun,
  until,
  WORKSPACE
} from '../../__tests__/server';
import { Curves, curveRuns } from '../curves';
import { found, groupsOf, merged } from '../metricNames';

const ROUTE = `POST ${WORKSPACE}/metrics/read`;

describe('Curves', () => {
  let server: FakeServer;
  let events: ReturnType<typeof connect>;
  let curves: Curves;

  beforeEach(async () => {
    server = new FakeServer();
    events = connect(server);
    const step = [0, 1, 2];
    server.on(ROUTE, request => ({
      bytes: encodeSeries(
        (request.body as { series: { name: string }[] }).series[0].name,
        3,
        { step, value: step }
      )
    }));
    events.connection.watch();
    await until(() => events.connection.info !== null);
    curves = new Curves(events.connection);
    curves.watch();
  });

  afterEach(() => {
    curves.dispose();
    events.connection.dispose();
  });

  const listed = (run: string) => `GET ${WORKSPACE}/runs/${run}/metrics/names`;

  /** Serve names as the API does. */
  function listing(run: string, names: string[], system: string[] = []): void {
    server.on(listed(run), ({ query }) => {
      const all = query.system === 'true' ? system : names;
      const words = (query.search ?? '').split(' ');
      const some = all.filter(name => words.every(it => name.includes(it)));
      const first = Number(query.cursor ?? 0);
      const end = first + Math.min(1000, Number(query.limit));
      return {
        json: {
          items: some.slice(first, end),
          total: all.length,
          next_cursor: some.length > end ? String(end) : null
        }
      };
    });
  }

  it('of one run are its metrics, and at the end what its machine did', async () => {
    const run = makeRun(1, {
      metrics: [makeMetric('loss'), makeMetric('acc')]
    });
    listing(run.id, [], ['system/cpu_percent']);
    curves.setRun(run);
    expect(curves.names).toEqual(['loss', 'acc']);
    await until(() => curves.isLoaded);
    expect(curves.names).toEqual(['loss', 'acc', 'system/cpu_percent']);
    const [series] = curves.get('loss').series;
    expect([series.label, series.style.dash]).toEqual(['', 0]);
  });

  it('asks for nothing while nobody looks', async () => {
    const unseen = new Curves(events.connection);
    const run = makeRun(5, { metrics: [makeMetric('loss')], child_count: 2 });
    unseen.setRun(run);
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(server.asked(`GET ${WORKSPACE}/runs`)).toHaveLength(0);
    expect(unseen.names).toEqual(['loss']);
    unseen.dispose();
  });

  it('of a run with more metrics than its record holds are all of them', async () => {
    const names = Array.from({ length: 150 }, (_, i) => `m${i}`);
    const run = makeRun(1, {
      metrics: names.slice(0, 100).map(name => makeMetric(name))
    });
    listing(run.id, names);
    curves.setRun(run);
    await until(() => curves.names.length === 150);
    expect(curves.names.slice(98, 102)).toEqual(['m98', 'm99', 'm100', 'm101']);
    expect(curves.get('m140').runs.map(it => it.id)).toEqual([run.id]);
  });

  it('of a run with very many metrics are the first ones, and those that are searched for', async () => {
    const names = Array.from({ length: 6000 }, (_, i) => `m${10000 + i}`);
    const run = makeRun(1, {
      metrics: names.slice(0, 100).map(name => makeMetric(name))
    });
    listing(run.id, names, ['system/threads']);
    curves.setRun(run);
    await until(() => curves.names.length > 100);
    expect(curves.names).toHaveLength(5001);
    expect(curves.cut).toEqual({ listed: 5000, total: 6000 });
    expect(await curves.find('m159')).toEqual({
      names: names.slice(5900),
      isMore: false
    });
    const many = await curves.find('5');
    expect(many.isMore).toBe(true);
    // All that are listed, and of the others the first.
    expect(many.names).toContain('m10005');
    expect(curves.get('m15999').runs.map(it => it.id)).toEqual([run.id]);
  });

  it('are read again only when there are more of them', async () => {
    const names = Array.from({ length: 150 }, (_, i) => `m${i}`);
    const run = makeRun(1, {
      metrics: names.slice(0, 100).map(name => makeMetric(name)),
      status: 'Running'
    });
    listing(run.id, names, ['system/threads']);
    curves.setRun(run);
    await until(() => curves.names.length === 151);
    const limits = () => server.asked(listed(run.id)).map(it => it.query.limit);
    expect(limits()).toEqual(['1000', '1000']);
    curves.setRun({ ...run });
    await until(() => limits().length === 4);
    names.push('m150');
    curves.setRun({ ...run });
    await until(() => curves.names.length === 152);
    expect(limits().slice(2)).toEqual(['1', '1', '1', '1000', '1']);
  });

  it('have what a run does on a GPU when it comes to use one', async () => {
    const run = makeRun(1, {
      metrics: [makeMetric('loss')],
      status: 'Running'
    });
    const system = ['system/cpu_percent'];
    listing(run.id, [], system);
    curves.setRun(run);
    await until(() => curves.names.length === 2);
    system.push('system/gpu_memory_bytes', 'system/gpu_percent');
    curves.setRun({ ...run });
    await until(() => curves.names.length === 4);
    expect(curves.names[3]).toBe('system/gpu_percent');
  });

  it('of a parent are those of the runs below it, over each other', async () => {
    const parent = makeRun(1, { child_count: 2 });
    const children = [3, 2].map(number =>
      makeRun(number, {
        params: { lr: `0.${number}`, depth: '4' },
        metrics: [makeMetric('loss')]
      })
    );
    listing(parent.id, []);
    listing(children[1].id, []);
    server.on(`GET ${WORKSPACE}/runs`, {
      json: { items: children, next_cursor: null, total: null }
    });
    curves.setRun(parent);
    await until(() => curves.names.includes('loss'));
    const { runs } = curves.get('loss');
    expect(runs.map(it => it.label)).toEqual(['#2 lr=0.2', '#3 lr=0.3']);
    expect(new Set(runs.map(it => it.style.colour)).size).toBe(2);
  });

  it('of runs below one are all that one of them has, where a list has some only', async () => {
    const parent = makeRun(1, { child_count: 2 });
    const names = Array.from({ length: 20 }, (_, i) => `m${i}`);
    const children = [2, 3].map(number =>
      makeRun(number, {
        metrics: names.slice(0, 12).map(name => makeMetric(name))
      })
    );
    listing(parent.id, []);
    listing(children[0].id, names, ['system/threads']);
    server.on(`GET ${WORKSPACE}/runs`, {
      json: { items: children, next_cursor: null, total: null }
    });
    curves.setRun(parent);
    await until(() => curves.names.length === 21);
    for (const name of ['m0', 'm19', 'system/threads']) {
      expect(curves.get(name).runs).toHaveLength(2);
    }
  });

  it('are read while they are wanted, and a stretch of them in full', async () => {
    const run = makeRun(1, { metrics: [makeMetric('loss')] });
    listing(run.id, []);
    curves.setRun(run);
    const curve = curves.get('loss');
    const told = jest.fn();
    curve.changed.connect(told);
    expect(server.asked(ROUTE)).toHaveLength(0);
    const want = curve.want();
    await until(() => curve.series[0].points.count === 3);
    expect(told).toHaveBeenCalled();
    curve.setStretch([10, 20], 'step');
    await until(() => server.asked(ROUTE).length === 2);
    expect(server.asked(ROUTE)[1].body).toEqual({
      series: [
        {
          run: run.id,
          name: 'loss',
          points: 1200,
          axis: 'step',
          low: 9,
          high: 21
        }
      ]
    });
    want.dispose();
  });

  it('ask for a stretch of relative time in the times of each run', async () => {
    const run = makeRun(1, {
      metrics: [makeMetric('loss')],
      started_at: '1970-01-01T00:01:40Z'
    });
    listing(run.id, []);
    curves.setRun(run);
    server.on(ROUTE, {
      bytes: encodeSeries('loss', 1, { step: [0], time: [105], value: [1] })
    });
    const curve = curves.get('loss');
    curve.want();
    await until(() => curve.series[0].points.count === 1);
    curve.setStretch([0, 10], 'relative');
    await until(() => server.asked(ROUTE).length === 2);
    const { series } = server.asked(ROUTE)[1].body as {
      series: { axis: string; low: number; high: number }[];
    };
    expect(series[0]).toMatchObject({ axis: 'time', low: 99, high: 111 });
  });
});

describe('names of metrics', () => {
  it('stand in groups, the machine last', () => {
    const names = ['system/cpu', 'loss', 'train/a', 'val/a', 'train/b/c', '/x'];
    expect(groupsOf(names)).toEqual([
      { name: '', metrics: ['loss', '/x'] },
      { name: 'train', metrics: ['train/a', 'train/b/c'] },
      { name: 'val', metrics: ['val/a'] },
      { name: 'system', metrics: ['system/cpu'] }
    ]);
  });

  it('are found by all words of a query', () => {
    const names = ['Train/Loss', 'train/acc', 'val/loss'];
    expect(found(names, ' loss  TRAIN ')).toEqual(['Train/Loss']);
    expect(found(names, '')).toEqual(names);
  });

  it('are sorted as people count where no order is known', () => {
    expect(merged(['z', 'a'], ['m10', 'm9', 'a'])).toEqual([
      'z',
      'a',
      'm9',
      'm10'
    ]);
  });
});

describe('runs of a chart', () => {
  it('are told apart by what differs between them', () => {
    const runs = [
      makeRun(1, { params: { lr: '1', depth: '2' }, display_name: 'first' }),
      makeRun(2, { params: { lr: '3', depth: '2' }, started_at: null })
    ];
    const [first, second] = curveRuns(runs);
    expect([first.label, second.label]).toEqual(['#1 first lr=1', '#2 lr=3']);
    expect(second.origin).toBeNaN();
  });
});
