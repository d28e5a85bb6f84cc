import {
  OutputModel,
  RenderMimeRegistry,
  standardRendererFactories
} from '@jupyterlab/rendermime';
import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import {
  connect,
  FakeServer,
  IEvents,
  makeRun,
  until,
  WORKSPACE
} from '../../__tests__/server';
import { Run } from '../../api';
import { MIME_TYPE } from '../bundle';
import { CardRenderer } from '../renderer';

const ID = 'digits_1_12';
const RUN = `GET ${WORKSPACE}/runs/${ID}`;
const CARD = `${RUN}/card`;
const PAGE = { json: { items: [], next_cursor: null } };
let show: (isIntersecting: boolean) => void;

/** jsdom lays nothing out: the test says what is on screen. */
class Observer {
  constructor(callback: (entries: { isIntersecting: boolean }[]) => void) {
    show = isIntersecting => callback([{ isIntersecting }]);
  }
  observe() {}
  disconnect() {}
}

function outputOf(facts: object = {}): OutputModel {
  return new OutputModel({
    value: {
      output_type: 'execute_result',
      execution_count: 1,
      metadata: {},
      data: {
        'text/plain': 'as it was',
        'text/html': '<b>as it was</b>',
        [MIME_TYPE]: { workspace: 'w1', run: ID, number: 12, ...facts }
      }
    }
  });
}

describe('CardRenderer', () => {
  let server: FakeServer;
  let events: IEvents;
  let renderer: CardRenderer;
  let run: Run;
  let keeps: boolean;

  beforeEach(() => {
    Object.assign(window, { IntersectionObserver: Observer });
    keeps = true;
    run = makeRun(12, {
      status: 'Completed',
      ended_at: '2026-01-31T12:01:00Z'
    });
    server = new FakeServer()
      .on(RUN, () => ({ json: run }))
      .on(`${RUN}/logs`, {
        json: { text: '', next_offset: 0, size_bytes: 0, ended: true }
      })
      .on(`${RUN}/files`, PAGE)
      .on(`GET ${WORKSPACE}/runs`, PAGE)
      .on(CARD, { json: { text: 'the end', html: '<i>the end</i>' } });
    events = connect(server, 'w1');
    const rendermime = new RenderMimeRegistry({
      initialFactories: standardRendererFactories
    });
    renderer = new CardRenderer({
      actions: () => ({
        onCancel: jest.fn(),
        onDownload: jest.fn(),
        onOpen: jest.fn(),
        onRegister: jest.fn()
      }),
      connections: { get: () => events.connection },
      keepsResults: async () => keeps,
      rendermime,
      trans: nullTranslator.load('')
    });
    Widget.attach(renderer, document.body);
  });

  afterEach(() => {
    renderer.dispose();
    events.connection.dispose();
  });

  const card = () => renderer.node.querySelector('.jp-mlws-runcard');

  it('shows what the notebook has until the server tells more', async () => {
    await renderer.renderModel(outputOf());
    expect(renderer.node.textContent).toBe('as it was');
    expect(server.requests).toEqual([]);
    show(true);
    await until(() => card() !== null);
    expect(renderer.node.textContent).not.toContain('as it was');
  });

  it('leaves what the notebook has where the run is not known', async () => {
    server.answers.delete(RUN);
    await renderer.renderModel(outputOf());
    show(true);
    await until(() => renderer.model?.error !== null);
    expect(renderer.node.textContent).toBe('as it was');
    expect(renderer.model?.isAwake).toBe(false);
  });

  it('puts the end of the run into the notebook, once', async () => {
    const output = outputOf();
    await renderer.renderModel(output);
    show(true);
    await until(() => output.data['text/html'] === '<i>the end</i>');
    expect(output.data['text/plain']).toBe('the end');
    expect(output.data[MIME_TYPE]).toMatchObject({ run: ID, ended: true });
    const shown = card();
    // As the output area does on a change.
    await renderer.renderModel(output);
    show(false);
    show(true);
    expect(card()).toBe(shown);
    expect(server.asked(CARD).length).toBe(1);
  });

  it('leaves the notebook alone when it has the end, when the run goes on, and when the setting says so', async () => {
    const output = outputOf({ ended: true });
    await renderer.renderModel(output);
    show(true);
    await until(() => renderer.model?.isComplete === true);
    keeps = false;
    const other = outputOf({ run: 'digits_1_13' });
    server.on(`GET ${WORKSPACE}/runs/digits_1_13`, () => ({
      json: { ...run, id: 'digits_1_13' }
    }));
    for (const part of ['logs', 'files']) {
      const answer = server.answers.get(`${RUN}/${part}`)!;
      server.on(`GET ${WORKSPACE}/runs/digits_1_13/${part}`, answer);
    }
    await renderer.renderModel(other);
    await until(() => renderer.model?.isComplete === true);
    expect(server.requests.some(it => it.path.endsWith('/card'))).toBe(false);
    expect(other.data['text/plain']).toBe('as it was');
  });
});
