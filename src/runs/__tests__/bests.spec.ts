import { LINES, serveRuns } from '../../__tests__/lines';
import {
  connected,
  FakeServer,
  IEvents,
  makeMetric,
  makeRun,
  until,
  WORKSPACE
} from '../../__tests__/server';
import { Run } from '../../api';
import { bestOf, betterWay } from '../best';
import { Bests } from '../bests';
import { groupsOf, Row } from '../rows';

const LIST = `GET ${WORKSPACE}/runs`;

function makeChild(
  number: number,
  last: number | 'NaN',
  facts: Partial<Run> = {}
) {
  return makeRun(number, {
    parent_id: 'digits_1_1',
    status: 'Completed',
    metrics: [makeMetric('acc', { last: last as number })],
    ...facts
  });
}

describe('bestOf', () => {
  it.each([
    ['val_acc', 1],
    ['loss', -1],
    ['mape', -1],
    ['mAP', 1],
    ['epoch', 0]
  ])('knows of %s what is better', (name, way) => {
    expect(betterWay(name)).toBe(way);
  });

  it('is the best of those that completed and have a value', () => {
    const runs = [
      makeChild(2, 0.5),
      makeChild(3, 0.75),
      makeChild(4, 'NaN'),
      makeChild(5, 0.9, { status: 'Failed' })
    ];
    expect(bestOf(runs, 'acc')?.number).toBe(3);
    expect(bestOf(runs, 'loss')).toBeNull();
    expect(bestOf(runs, 'epoch')).toBeNull();
  });
});

describe('Bests', () => {
  let server: FakeServer;
  let events: IEvents;
  let bests: Bests;
  let children: Run[];

  beforeEach(async () => {
    server = new FakeServer();
    children = [];
    serveRuns(server, () => children);
    events = await connected(server);
    bests = new Bests(events.connection);
  });

  afterEach(() => {
    bests.dispose();
    events.connection.dispose();
  });

  function row(children_ended: number, facts: Partial<Run> = {}): Row {
    const run = makeRun(1, { child_count: 4, children_ended, ...facts });
    return new Row(run, groupsOf([run]).get('digits')!, {
      depth: 0,
      expanded: false,
      position: 1,
      siblings: 1,
      pinned: false,
      author: ''
    });
  }

  it('reads a sweep on screen once, and again when another child ended', async () => {
    children = [makeChild(2, 0.5), makeChild(3, 0.75)];
    bests.show([row(2)]);
    await until(() => bests.get('digits_1_1') !== null);
    expect(bests.get('digits_1_1')).toEqual({
      metric: 'acc',
      value: 0.75,
      number: 3
    });
    bests.show([row(2)]);
    expect(server.asked(LINES)).toHaveLength(1);
    children = [...children, makeChild(4, 0.875)];
    events.tell(11, { kind: 'run', subject: 'digits_1_1' });
    bests.show([row(3)]);
    await until(() => bests.get('digits_1_1')?.number === 4);
  });

  it('asks nothing where no child ended, and where the run logs itself', async () => {
    bests.show([row(0), row(2, { metrics: [makeMetric('acc')] }), row(1)]);
    children = [makeChild(2, 0.5, { metrics: [] })];
    await until(() => server.asked(LINES).length > 0);
    expect(bests.get('digits_1_1')).toBeNull();
    expect(server.asked(LINES)).toHaveLength(1);
  });

  it('has the server find the best one of very many', async () => {
    children = [...Array(101).keys()].map(i => makeChild(2 + i, i / 1000));
    const best = makeChild(7, 0.99);
    server.on(LIST, { json: { items: [best], next_cursor: null } });
    bests.show([row(101)]);
    await until(() => bests.get('digits_1_1')?.number === 7);
    expect(server.asked(LIST)[0].query).toEqual({
      parent: 'digits_1_1',
      filter: "status = 'Completed'",
      order_by: 'metrics.`acc` desc',
      limit: '1'
    });
  });
});
