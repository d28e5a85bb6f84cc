import {
  connected,
  FakeServer,
  IEvents,
  makeMetric,
  makeRun,
  until,
  WORKSPACE
} from '../../__tests__/server';
import { RunFile, TypedMetric } from '../../api';
import { shownName, sortFiles } from '../../run/files';
import { RunDetailModel } from '../detail';

const RUN = makeRun(1, {
  metrics: [makeMetric('loss'), makeMetric('accuracy')]
});
const AT = `GET ${WORKSPACE}/runs/${RUN.id}`;

describe('RunDetailModel', () => {
  let server: FakeServer;
  let events: IEvents;
  let model: RunDetailModel;
  let stdLog: string;
  let buildLog: string;

  beforeEach(async () => {
    stdLog = 'one\n';
    buildLog = 'Resolved\n';
    server = new FakeServer();
    server.on(AT, { json: RUN });
    server.on(`${AT}/files`, { json: { items: [], next_cursor: null } });
    server.on(`${AT}/logs`, ({ query }) => {
      const log = query.name === 'environment.log' ? buildLog : stdLog;
      const asked = Number(query.offset);
      const offset = asked < 0 ? Math.max(0, log.length + asked) : asked;
      const end = Math.min(log.length, offset + Number(query.limit));
      return {
        json: {
          text: log.slice(offset, end),
          next_offset: end,
          size_bytes: log.length,
          ended: false
        }
      };
    });
    events = await connected(server);
    model = new RunDetailModel(events.connection);
    model.active = true;
    model.setRun(RUN.id);
  });

  afterEach(() => {
    model.dispose();
    events.connection.dispose();
  });

  const loaded = () => until(() => model.run !== null && model.log !== '');

  it('goes on reading the log where it stopped', async () => {
    await until(() => model.log === 'one\n');
    stdLog += 'two\n';
    events.tell(11, { kind: 'log', subject: RUN.id });
    await until(() => model.log === 'one\ntwo\n');
    expect(server.asked(`${AT}/logs`).pop()?.query.offset).toBe('4');
  });

  it('goes to the end of a log that grows faster than it is read', async () => {
    await until(() => model.log === 'one\n');
    stdLog += 'x'.repeat(200000) + '\nlast line\n';
    events.tell(11, { kind: 'log', subject: RUN.id });
    await until(() => model.log.endsWith('last line\n'));
    expect(model.logIsCut).toBe(true);
    expect(server.asked(`${AT}/logs`).length).toBeLessThan(5);
  });

  it('reads the log of the build once somebody looks, and follows it', async () => {
    await until(() => model.log === 'one\n');
    expect(model.buildLog).toBe('');
    model.showsBuildLog = true;
    await until(() => model.buildLog === 'Resolved\n');
    buildLog += 'Downloading torch\n';
    events.tell(11, { kind: 'run', subject: RUN.id });
    await until(() => model.buildLog.endsWith('torch\n'));
    model.setRun(null);
    expect(model.buildLog).toBe('');
    expect(model.showsBuildLog).toBe(false);
  });

  it('asks whether the run can be done again once it has ended', async () => {
    const record = {
      can: true,
      reasons: [],
      secrets: [],
      environment: '',
      lock_digest: ''
    };
    server.on(`${AT}/reproducibility`, { json: record });
    await loaded();
    expect(server.asked(`${AT}/reproducibility`)).toEqual([]);
    server.on(AT, { json: { ...RUN, status: 'Completed' } });
    events.tell(11, { kind: 'run', subject: RUN.id });
    await until(() => model.reproducibility !== null);
    expect(model.reproducibility).toEqual(record);
    expect(server.asked(`${AT}/reproducibility`).length).toBe(1);
  });

  it('shows what the cell displayed also of a run that left very many files', async () => {
    const made = (kind: RunFile['kind'], ...names: string[]) =>
      names.map(name => makeFile(name, { kind, digest: name }));
    const pages: Record<string, RunFile[]> = {
      '': [...made('log', 'a.log'), ...made('output', 'a.png', 'b.png')],
      log: made('log', 'a.log', 'std.log'),
      result: made('result', 'display.jsonl', 'fit.pkl')
    };
    server.on(`${AT}/files`, ({ query: { kind = '' } }) => ({
      json: { items: pages[kind], next_cursor: kind === '' ? 'b.png' : null }
    }));
    const output = {
      output_type: 'display_data',
      data: { 'text/plain': 'the result' }
    };
    server.on(`${AT}/file`, {
      bytes: new TextEncoder().encode(JSON.stringify(output)).buffer as never
    });
    model.refresh();
    await until(() => model.outputs.shown.length === 1);
    expect(model.files.map(file => file.name)).toEqual([
      'a.png',
      'b.png',
      'display.jsonl',
      'fit.pkl',
      'a.log',
      'std.log'
    ]);
  });

  it('does not hear of other runs', async () => {
    await loaded();
    const before = server.requests.length;
    events.tell(11, { kind: 'metric', subject: 'another' });
    expect(server.requests.length).toBe(before);
  });

  it('forgets an answer that comes after another run was chosen', async () => {
    await loaded();
    const other = makeRun(9);
    server.on(`GET ${WORKSPACE}/runs/${other.id}`, { json: other });
    model.setRun(other.id);
    expect(model.log).toBe('');
    await until(() => model.run?.number === 9);
  });

  it('reads what the cell displayed, again only when it changed', async () => {
    await loaded();
    let digest = 'a';
    let text = '1';
    server.on(`${AT}/files`, () => ({
      json: {
        items: [makeFile('display.jsonl', { digest })],
        next_cursor: null
      }
    }));
    server.on(`${AT}/file`, () => {
      const data = { 'text/plain': text };
      const line = JSON.stringify({ output_type: 'execute_result', data });
      return { bytes: new TextEncoder().encode(line).buffer as ArrayBuffer };
    });
    events.tell(11, { kind: 'file', subject: RUN.id });
    await until(() => model.outputs.shown[0]?.text === '1');
    const before = server.asked(`${AT}/files`).length;
    events.tell(12, { kind: 'file', subject: RUN.id });
    await until(() => server.asked(`${AT}/files`).length > before);
    expect(server.asked(`${AT}/file`).length).toBe(1);
    expect(server.asked(`${AT}/file`)[0].query.kind).toBe('result');
    [digest, text] = ['b', '2'];
    events.tell(13, { kind: 'file', subject: RUN.id });
    await until(() => model.outputs.shown[0]?.text === '2');
    model.setRun(null);
    expect(model.outputs.shown).toEqual([]);
  });
});

describe('sortFiles', () => {
  it('leaves out what only we read', () => {
    const names = ['display.jsonl', 'index.json', 'captured.pkl', 'model.pkl'];
    const { outputs, returned } = sortFiles([
      makeFile('index.json', { kind: 'output' }),
      ...names.map(name => makeFile(name))
    ]);
    expect(outputs.map(file => file.name)).toEqual(['index.json']);
    expect(returned.map(file => file.name)).toEqual(['model.pkl']);
  });

  it('keeps the files of logged values apart from those that the script left', () => {
    const typed = ['c', 'roc curve', 'a/b'].map(
      name => ({ name, type: 'image' }) as TypedMetric
    );
    const { outputs, values } = sortFiles(
      [
        'c/0.svg',
        'c/notes.txt',
        'd/0.svg',
        'a/b/12.png',
        'roc curve/1.png',
        'roc_curve-0123abcd/0.png',
        'c/0123456789abcdef.png',
        'outputs/0.png'
      ].map(name => makeFile(name, { kind: 'output' })),
      typed
    );
    expect(outputs.map(file => file.name)).toEqual([
      'c/notes.txt',
      'd/0.svg',
      'outputs/0.png'
    ]);
    expect(values).toHaveLength(5);
  });

  it('calls a value by the name that the cell gave it', () => {
    expect(shownName(makeFile('frame.pkl'))).toBe('frame');
    expect(shownName(makeFile('frame.pkl', { kind: 'output' }))).toBe(
      'frame.pkl'
    );
  });

  it('offers outputs that are too large to show', () => {
    const file = makeFile('display.jsonl', { size_bytes: 1e9 });
    expect(sortFiles([file]).returned).toEqual([file]);
  });
});

function makeFile(name: string, facts: Partial<RunFile> = {}): RunFile {
  return {
    name,
    kind: 'result',
    size_bytes: 10,
    digest: 'a',
    mode: 0o644,
    modified_at: '2026-01-31T12:00:00Z',
    ...facts
  };
}
