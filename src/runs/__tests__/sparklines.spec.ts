import {
  connected,
  encodeSeries,
  FakeServer,
  IEvents,
  makeMetric,
  makeRun,
  until,
  WORKSPACE
} from '../../__tests__/server';
import { groupsOf, Row } from '../rows';
import { Sparklines } from '../sparklines';

const READ = `POST ${WORKSPACE}/metrics/read`;

describe('Sparklines', () => {
  let server: FakeServer;
  let events: IEvents;
  let sparklines: Sparklines;

  beforeEach(async () => {
    server = new FakeServer();
    events = await connected(server);
    sparklines = new Sparklines(events.connection);
  });

  afterEach(() => {
    sparklines.dispose();
    events.connection.dispose();
  });

  function row(number: number, count: number): Row {
    const metrics = [makeMetric('loss', { count })];
    const run = makeRun(number, { metrics });
    return new Row(run, groupsOf([run]).get('digits')!, {
      depth: 0,
      expanded: null,
      position: 1,
      siblings: 1,
      pinned: false,
      author: ''
    });
  }

  it('reads the curves of all lines on screen with one question, and again only what grew', async () => {
    server.on(READ, ({ body }) => {
      const { series } = body as { series: { run: string; name: string }[] };
      const parts = series.map(
        ({ name }) =>
          new Uint8Array(
            encodeSeries(name, 3, {
              step: [0, 1, 2],
              mean: [1, 2, series.length]
            })
          )
      );
      const bytes = new Uint8Array(parts.reduce((n, it) => n + it.length, 0));
      let at = 0;
      for (const part of parts) {
        bytes.set(part, at);
        at += part.length;
      }
      return { bytes: bytes.buffer };
    });
    sparklines.show([row(1, 3), row(2, 3), row(3, 1)]);
    await until(() => sparklines.get(makeRun(2).id).length > 0);
    expect(sparklines.get(makeRun(1).id)).toEqual([1, 2, 2]);
    // A single point is no curve.
    expect(sparklines.get(makeRun(3).id)).toEqual([]);
    sparklines.show([row(1, 3), row(2, 4)]);
    await until(() => sparklines.get(makeRun(2).id)[2] === 1);
    expect(server.asked(READ)).toHaveLength(2);
  });
});
