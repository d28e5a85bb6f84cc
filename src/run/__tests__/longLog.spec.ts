import {
  connected,
  FakeServer,
  IEvents,
  until,
  WORKSPACE
} from '../../__tests__/server';
import { LongLog } from '../longLog';

const AT = `GET ${WORKSPACE}/runs/r1/logs`;

describe('LongLog', () => {
  let events: IEvents;
  let log: LongLog;
  let text: string;
  let server: FakeServer;

  const open = async () => {
    server = new FakeServer();
    server.on(AT, ({ query }) => {
      const bytes = new TextEncoder().encode(text);
      const asked = Number(query.offset);
      const offset = asked < 0 ? Math.max(0, bytes.length + asked) : asked;
      const end = Math.min(bytes.length, offset + Number(query.limit));
      return {
        json: {
          text: new TextDecoder().decode(bytes.subarray(offset, end)),
          next_offset: end,
          size_bytes: bytes.length,
          ended: false
        }
      };
    });
    events = await connected(server);
    log = new LongLog(events.connection, 'r1', 'std.log');
    await until(() => log.isLoaded);
  };
  const shown = () => log.lines.map(line => line.text).join('\n');

  afterEach(() => {
    log.dispose();
    events.connection.dispose();
  });

  it('follows what comes', async () => {
    text = 'one\n';
    await open();
    expect(shown()).toBe('one\n');
    expect(log.earlier).toBe(0);
    text += 'two\n';
    events.tell(11, { kind: 'log', subject: 'r1' });
    await until(() => shown() === 'one\ntwo\n');
    expect(server.asked(AT).pop()?.query.offset).toBe('4');
  });

  it('shows the end of a long one, and what comes before when asked', async () => {
    text = Array.from({ length: 60000 }, (_, i) => `line ${i}\n`).join('');
    await open();
    expect(shown().endsWith('line 59999\n')).toBe(true);
    expect(log.earlier).toBe(text.length - 256 * 1024);
    while (log.canReadEarlier) {
      await log.readEarlier();
    }
    expect(shown()).toBe(text);
  });

  it('says why it cannot be read', async () => {
    text = 'x';
    await open();
    server.on(AT, {
      json: { code: 'gone', message: 'Gone.', hint: '', details: {} },
      status: 410
    });
    events.tell(12, { kind: 'log', subject: 'r1' });
    await until(() => log.error !== null);
    expect(log.error?.message).toBe('Gone.');
  });
});
