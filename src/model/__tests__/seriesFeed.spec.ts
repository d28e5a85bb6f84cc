import { SeriesWanted } from '../../api';
import {
  connect,
  encodeSeries,
  FakeServer,
  IRequest,
  makeInfo,
  until,
  WORKSPACE
} from '../../__tests__/server';
import { SeriesFeed } from '../seriesFeed';

const ROUTE = `POST ${WORKSPACE}/metrics/read`;

/** A server whose series have the numbers from 0 on as values. */
function serve(server: FakeServer, counts: Map<string, number>): void {
  server.on(ROUTE, request => {
    const parts = wantedBy(request).map(({ run, name, after = 0 }) => {
      const count = counts.get(`${run} ${name}`) ?? 0;
      const step = Array.from(
        { length: Math.max(0, count - after) },
        (_, i) => after + i
      );
      return new Uint8Array(encodeSeries(name, count, { step, value: step }));
    });
    const bytes = new Uint8Array(
      parts.reduce((sum, part) => sum + part.length, 0)
    );
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return { bytes: bytes.buffer };
  });
}

function wantedBy(request: IRequest): readonly SeriesWanted[] {
  return (request.body as { series: SeriesWanted[] }).series;
}

describe('SeriesFeed', () => {
  let server: FakeServer;
  let events: ReturnType<typeof connect>;
  let counts: Map<string, number>;
  let feed: SeriesFeed;

  beforeEach(async () => {
    server = new FakeServer();
    events = connect(server);
    counts = new Map([
      ['r1 loss', 3],
      ['r1 acc', 2],
      ['r2 loss', 4]
    ]);
    serve(server, counts);
    events.connection.watch();
    await until(() => events.connection.info !== null);
    feed = new SeriesFeed(events.connection);
  });

  afterEach(() => {
    feed.dispose();
    events.connection.dispose();
  });

  it('asks for all series with one question, and then for what is new of them', async () => {
    const news = jest.fn();
    const all = ['r1 loss', 'r1 acc', 'r2 loss'].map(key => {
      const [run, name] = key.split(' ');
      return feed.want(run, name, news);
    });
    await until(() => all.every(it => it.points.count > 0));
    const asked = server.asked(ROUTE).flatMap(wantedBy);
    expect(asked).toHaveLength(3);

    const before = server.asked(ROUTE).length;
    counts.set('r1 loss', 5);
    events.tell(11, { kind: 'metric', subject: 'r1' });
    await until(() => all[0].points.count === 5);
    // On a busy machine it may have asked once more since.
    const [next] = server.asked(ROUTE).slice(before);
    expect(wantedBy(next).map(it => [it.run, it.name, it.after])).toEqual([
      ['r1', 'loss', 3],
      ['r1', 'acc', 2]
    ]);
    expect([...all[0].points.rows('step').value]).toEqual([0, 1, 2, 3, 4]);
  });

  it('reads a series once for all who want it, and not at all when nobody does', async () => {
    const first = feed.want('r1', 'loss', jest.fn());
    const second = feed.want('r1', 'loss', jest.fn());
    expect(second.points).toBe(first.points);
    await until(() => first.points.count === 3);
    first.dispose();
    second.dispose();
    const before = server.asked(ROUTE).length;
    counts.set('r1 loss', 9);
    events.tell(11, { kind: 'metric', subject: 'r1' });
    await new Promise(resolve => setTimeout(resolve, 400));
    expect(server.asked(ROUTE)).toHaveLength(before);
    // Whoever comes back gets what was here, and only the rest travels.
    const again = feed.want('r1', 'loss', jest.fn());
    expect(again.points.count).toBe(3);
    await until(() => again.points.count === 9);
    expect(wantedBy(server.asked(ROUTE)[before])[0].after).toBe(3);
  });

  it('reads what is new to it beside what never stops growing', async () => {
    for (let i = 0; i < 60; i++) {
      counts.set(`r1 m${i}`, 1);
    }
    const growing = feed.want('r2', 'loss', jest.fn());
    await until(() => growing.points.count === 4);
    let cursor = 11;
    // Each answer brings the next news with it.
    const serveAnd = server.answers.get(ROUTE)!;
    server.on(ROUTE, request => {
      counts.set('r2 loss', counts.get('r2 loss')! + 1);
      events.tell(cursor++, { kind: 'metric', subject: 'r2' });
      return serveAnd(request);
    });
    const all = Array.from({ length: 60 }, (_, i) =>
      feed.want('r1', `m${i}`, jest.fn())
    );
    await until(() => all.every(it => it.points.count === 1));
    const [before, began] = [server.asked(ROUTE).length, Date.now()];
    await new Promise(resolve => setTimeout(resolve, 600));
    // News come no more often than five times a second, however long that has taken on a busy machine.
    const most = Math.ceil((Date.now() - began) / 200) + 1;
    expect(server.asked(ROUTE).length - before).toBeLessThanOrEqual(most);
  });

  it('reads the news of a few series sooner than those of many', async () => {
    const series = feed.want('r1', 'loss', jest.fn());
    await until(() => series.points.count === 3);
    const asked: number[] = [];
    const answer = server.answers.get(ROUTE)!;
    server.on(ROUTE, request => {
      asked.push(Date.now());
      // What is new while it is answered is read next.
      counts.set('r1 loss', counts.get('r1 loss')! + 1);
      events.tell(10 + asked.length, { kind: 'metric', subject: 'r1' });
      return answer(request);
    });
    events.tell(10, { kind: 'metric', subject: 'r1' });
    await until(() => asked.length === 6);
    const pauses = asked.slice(1).map((at, i) => at - asked[i]);
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(75);
    expect(Math.min(...pauses)).toBeLessThan(240);
  });

  it('asks again for what nobody answered, once somebody does', async () => {
    server.on(ROUTE, 'down');
    const series = feed.want('r1', 'loss', jest.fn());
    await until(() => events.connection.state === 'lost');
    serve(server, counts);
    await events.connection.refresh();
    await until(() => series.points.count === 3);
  });

  it('asks again for what nobody answered although the server is there', async () => {
    // More often than the connection asks by itself, which finds the server well each time.
    const down = [1, 2, 3, 4];
    serve(server, counts);
    const answer = server.answers.get(ROUTE)!;
    server.on(ROUTE, request =>
      down.pop() === undefined ? answer(request) : 'down'
    );
    const series = feed.want('r1', 'loss', jest.fn());
    await until(() => series.points.count === 3);
    expect(down).toHaveLength(0);
  });

  it('asks for what was looked at before the workspace was there, and once', async () => {
    const early = connect(server, 'w1');
    const other = new SeriesFeed(early.connection);
    const before = server.asked(ROUTE).length;
    // The second one has to wait for its turn, and meanwhile the workspace is found.
    const all = ['loss', 'acc'].map(name => other.want('r1', name, jest.fn()));
    early.connection.watch();
    await until(() => all.every(it => it.points.count > 0));
    const asked = server.asked(ROUTE).slice(before).flatMap(wantedBy);
    expect(asked.map(it => it.name)).toEqual(['loss', 'acc']);
    other.dispose();
    early.connection.dispose();
  });

  it('shows what there is when the records are older ones that were put back', async () => {
    const news = jest.fn();
    const series = feed.want('r1', 'loss', news);
    const gone = feed.want('r1', 'acc', news);
    await until(() => series.points.count === 3 && gone.points.count === 2);
    counts.set('r1 loss', 2);
    counts.delete('r1 acc');
    server.on(`GET ${WORKSPACE}/changes`, { json: { changes: [], cursor: 5 } });
    await events.connection.refresh();
    await until(() => series.points.count === 2 && gone.points.count === 0);
    expect(series.points.rows('step').value).toHaveLength(2);
    expect(series.points.last).toBe(1);
    expect(gone.points.rows('step').value).toHaveLength(0);
    counts.set('r1 loss', 4);
    events.tell(11, { kind: 'metric', subject: 'r1' });
    await until(() => series.points.count === 4);
    expect(series.points.rows('step').value).toHaveLength(4);
  });

  it('has no points of a series that is not there', async () => {
    server.on('GET /resolve', { json: makeInfo() });
    const series = feed.want('gone', 'loss', jest.fn());
    await until(() => server.asked(ROUTE).length > 0);
    expect(series.points.count).toBe(0);
  });
});
