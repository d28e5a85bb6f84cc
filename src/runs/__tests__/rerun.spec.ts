import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { fireEvent } from '@testing-library/react';

import { serveRuns } from '../../__tests__/lines';
import {
  Answer,
  connected,
  FakeServer,
  IEvents,
  makeRun,
  until,
  WORKSPACE
} from '../../__tests__/server';
import { Reproducibility, Rerun, Run } from '../../api';
import { RunListModel } from '../model';
import { rerunRun, wishOf } from '../rerun';

const RUNS = `${WORKSPACE}/runs`;
const RUN = makeRun(1, {
  status: 'Completed',
  ended_at: '2026-01-31T12:01:00Z',
  environment: 'sk:3'
});
const RERUN = `POST ${RUNS}/${RUN.id}/rerun`;
const RECORD: Reproducibility = {
  can: true,
  reasons: [],
  secrets: [],
  environment: 'sk:3',
  lock_digest: ''
};
const TARGET = { slots: 2, gpus: 0, running: 0, queued: 0, note: '' };

describe('the dialog before a run is done again', () => {
  let server: FakeServer;
  let events: IEvents;
  let runs: RunListModel;
  let told: string[];
  let answers: Answer[];
  let done: Promise<void>;

  beforeEach(async () => {
    // The dialog draws itself, when and as it wants.
    Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: false });
    server = new FakeServer();
    serveRuns(server, () => [RUN]);
    server.on(`GET ${RUNS}/${RUN.id}/reproducibility`, { json: RECORD });
    server.on(`GET ${WORKSPACE}/environments`, {
      json: {
        items: [
          { name: 'sk', version: 4 },
          { name: 'sk', version: 3 },
          { name: 'torch', version: 1 }
        ],
        next_cursor: null
      }
    });
    server.on(`GET ${WORKSPACE}/compute`, {
      json: {
        items: [
          { ...TARGET, name: 'local', ready: true, takes: 'interpreter' },
          { ...TARGET, name: 'docker', ready: true, takes: 'image' },
          { ...TARGET, name: 'moon', ready: false, takes: 'image' }
        ],
        next_cursor: null
      }
    });
    server.on(`GET ${WORKSPACE}/secrets`, {
      json: { items: [{ name: 'HF_TOKEN', vault: 'file' }], next_cursor: null }
    });
    answers = [{ json: makeRun(2, { status: 'Queued', started_at: null }) }];
    server.on(RERUN, () => answers.shift()!);
    events = await connected(server);
    runs = new RunListModel(events.connection);
    runs.active = true;
    await until(() => runs.isLoaded);
    told = [];
    jest.spyOn(Notification, 'success').mockImplementation(message => {
      told.push(message);
      return '';
    });
  });

  afterEach(() => {
    runs.dispose();
    events.connection.dispose();
    jest.restoreAllMocks();
    document.body.replaceChildren();
  });

  const find = <T extends HTMLElement>(selector: string) => [
    ...document.querySelectorAll<T>(`.jp-Dialog ${selector}`)
  ];
  const label = (words: string) =>
    find<HTMLLabelElement>('label')
      .find(it => it.textContent!.startsWith(words))!
      .querySelector<HTMLInputElement | HTMLSelectElement>('input, select')!;

  async function ask(run: Run = RUN, edits = false): Promise<string> {
    done = rerunRun(
      {
        connection: events.connection,
        runs,
        trans: nullTranslator.load('')
      },
      run,
      edits
    );
    return body();
  }

  /** What the dialog says, once it is drawn. */
  async function body(words = 'same code'): Promise<string> {
    const text = () => find('.jp-mlws-rerun')[0]?.textContent ?? '';
    await until(() => text().includes(words));
    return text();
  }

  async function press(words: string): Promise<void> {
    find('button')
      .find(it => it.textContent?.includes(words))!
      .click();
  }

  const sent = () => server.asked(RERUN).map(it => it.body as Rerun);

  it('does the run again as it was at one press, and selects the new one', async () => {
    expect(await ask()).toContain('nothing is known that would');
    await press('Run again');
    await done;
    expect(Object.keys(sent()[0])).toEqual(['key']);
    expect(runs.find(runs.selected!)?.number).toBe(2);
    expect(told).toEqual(['Run 2 does run 1 again.']);
  });

  it('does nothing when told to leave it', async () => {
    await ask();
    await press('Leave it');
    await done;
    expect(sent()).toEqual([]);
  });

  it('offers other environments and targets, and says where they do not fit', async () => {
    await ask();
    const options = (words: string) =>
      [...(label(words) as HTMLSelectElement).options].map(
        it => `${it.value}${it.disabled ? ' -' : ''}`
      );
    expect(options('Environment').slice(0, 3)).toEqual([
      '',
      'kernel',
      'boosting'
    ]);
    expect(options('Environment')).toContain('sk:4');
    expect(options('Environment')).not.toContain('sk:3');
    expect(options('Compute')).toEqual(['', 'docker', 'moon -']);
    fireEvent.change(label('Environment'), { target: { value: 'kernel' } });
    fireEvent.change(label('Compute'), { target: { value: 'docker' } });
    await body('choose an environment, too');
    fireEvent.change(label('Environment'), { target: { value: 'torch:1' } });
    expect(await body()).not.toContain('choose an environment');
    await press('Run again');
    await done;
    expect(sent()[0]).toMatchObject({
      environment: 'torch:1',
      compute_target: 'docker'
    });
  });

  it('asks for secrets that were never stored, and for more where the server wants them', async () => {
    server.on(`GET ${RUNS}/${RUN.id}/reproducibility`, {
      json: { ...RECORD, secrets: ['HF_TOKEN'] }
    });
    answers.unshift({
      json: {
        code: 'invalid_input',
        message: 'Run #1 was given the argument --key.',
        hint: 'Give it again.',
        details: { secrets: ['--key'] }
      },
      status: 400
    });
    await ask();
    expect(label('HF_TOKEN').getAttribute('type')).toBe('password');
    expect(label('HF_TOKEN').getAttribute('placeholder')).toContain('Secrets');
    fireEvent.change(label('HF_TOKEN'), { target: { value: 'abc' } });
    await press('Run again');
    expect(await body('Give it again.')).toContain('--key');
    fireEvent.change(label('--key'), { target: { value: 'def' } });
    await press('Run again');
    await done;
    const [first, second] = sent();
    expect(first.secrets).toEqual({ HF_TOKEN: 'abc' });
    expect(second.secrets).toEqual({ HF_TOKEN: 'abc', '--key': 'def' });
    expect(second.key).not.toBe(first.key);
  });

  it('sends the parameters that were changed, and no others', async () => {
    const run = makeRun(1, { ...RUN, params: { lr: '0.1', depth: '3' } });
    await ask(run, true);
    expect(label('lr').value).toBe('0.1');
    fireEvent.change(label('lr'), { target: { value: '0.01' } });
    fireEvent.change(label('depth'), { target: { value: '4' } });
    fireEvent.change(label('depth'), { target: { value: '3' } });
    await press('Run again');
    await done;
    expect(sent()[0].params).toEqual({ lr: '0.01' });
  });

  it('has parameters folded where it is not about them, and none where they are only words', async () => {
    const params = { lr: '0.1' };
    await ask(makeRun(1, { ...RUN, params }));
    expect(find('details summary').map(it => it.textContent)).toContain(
      'With other parameters'
    );
    await press('Leave it');
    await done;
    await until(() => find('label').length === 0);
    expect(await ask(makeRun(1, { ...RUN, kind: 'script', params }))).toContain(
      'and parameters.'
    );
    expect(find('label').some(it => it.textContent === 'lr')).toBe(false);
    await press('Leave it');
    await done;
  });

  it('asks with the same key after an answer that never came', async () => {
    answers.unshift('down');
    await ask();
    await press('Run again');
    await body('does not answer');
    await press('Run again');
    await done;
    expect(sent()[1].key).toBe(sent()[0].key);
  });

  it('is there also when nothing can be said of the run', async () => {
    server.answers.delete(`GET ${RUNS}/${RUN.id}/reproducibility`);
    server.answers.delete(`GET ${WORKSPACE}/compute`);
    server.answers.delete(`GET ${WORKSPACE}/environments`);
    server.answers.delete(`GET ${WORKSPACE}/secrets`);
    expect(await ask()).toContain('sk:3, as before');
    await press('Leave it');
    await done;
  });
});

it('gives no secret that was left empty', () => {
  const choice = {
    environment: null,
    compute: null,
    params: {},
    secrets: { A: '' }
  };
  expect(wishOf(choice, 'k', RUN)).toEqual({ key: 'k' });
});
