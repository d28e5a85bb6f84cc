import { Signal } from '@lumino/signaling';

import { FakeServer, makeInfo, SETTINGS, until } from '../../__tests__/server';
import { WorkspaceConnections } from '../connections';

describe('WorkspaceConnections', () => {
  const server = () => {
    const fake = new FakeServer();
    for (const id of ['w1', 'w2']) {
      fake.on(`GET /workspaces/${id}/info`, { json: makeInfo({ id }) });
      fake.on(`GET /workspaces/${id}/changes`, {
        json: { changes: [], cursor: 10 }
      });
    }
    return fake;
  };
  const make = () =>
    new WorkspaceConnections({
      serverSettings: SETTINGS,
      stream: new Signal<object, never>({}) as never
    });

  it('gives one connection to each workspace', () => {
    server();
    const connections = make();
    expect(connections.get('w1')).toBe(connections.get('w1'));
    expect(connections.get('w2')).not.toBe(connections.get('w1'));
  });

  it('asks anew only where somebody watches', async () => {
    const fake = server();
    const connections = make();
    const watched = connections.get('w1');
    connections.get('w2');
    const watch = watched.watch();
    await until(() => watched.state === 'connected');
    const before = fake.asked('GET /workspaces/w1/changes').length;
    connections.refresh();
    await until(() => fake.asked('GET /workspaces/w1/changes').length > before);
    expect(fake.asked('GET /workspaces/w2/changes')).toEqual([]);
    watch.dispose();
  });
});
