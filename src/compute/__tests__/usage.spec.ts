import { makeCompute } from '../../__tests__/compute';
import {
  connected,
  FakeServer,
  until,
  WORKSPACE
} from '../../__tests__/server';
import { createUsage, usageText } from '../usage';

describe('usageText', () => {
  it('names the targets that are busy, and no more than there is room for', () => {
    const local = makeCompute({ running: 2, queued: 3 });
    const docker = makeCompute({ name: 'docker', running: 0, queued: 1 });
    expect(usageText([])).toBe('');
    expect(usageText([makeCompute({ running: 0 }), docker])).toBe('docker 0/2');
    expect(usageText([local, docker])).toBe('local 2/2 · docker 0/2');
    const third = makeCompute({ name: 'a\u202eb' });
    expect(usageText([local, docker, third])).toBe(
      'local 2/2 · docker 0/2 · …'
    );
    expect(usageText([third])).not.toContain('\u202e');
  });
});

describe('createUsage', () => {
  it('is read again when a run or a target changes, while somebody looks', async () => {
    const server = new FakeServer();
    let running = 0;
    server.on(`GET ${WORKSPACE}/compute`, () => ({
      json: { items: [makeCompute({ running })], next_cursor: null }
    }));
    const events = await connected(server);
    const usage = createUsage(events.connection);
    running = 1;
    usage.active = true;
    await until(() => usageText(usage.items) === 'local 1/2');
    running = 2;
    events.tell(11, { kind: 'run', subject: 'digits_1_1' });
    await until(() => usageText(usage.items) === 'local 2/2');
    usage.dispose();
    events.connection.dispose();
  });
});
