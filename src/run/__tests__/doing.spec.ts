import {
  connect,
  FakeServer,
  makeRun,
  WORKSPACE
} from '../../__tests__/server';
import { RunView } from '../view';

describe('RunDoer', () => {
  it('takes back what was deleted when its place shows another run by then', async () => {
    const run = makeRun(1);
    const at = `${WORKSPACE}/runs/${run.id}`;
    const server = new FakeServer();
    server.on(`GET ${at}`, { json: run });
    server.on(`POST ${at}/restore`, { json: run });
    const events = connect(server, 'w1');
    const view = new RunView(events.connection, 'w1', run.id);
    const { doer } = view;
    const made: string[] = [];
    doer.made.connect((_, id) => made.push(`${doer.workspace}:${id}`));
    view.dispose();
    await doer.restore(run.id);
    expect(made).toEqual([`w1:${run.id}`]);
    events.connection.dispose();
  });
});
