import { JupyterFrontEnd } from '@jupyterlab/application';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { Contents, ServerConnection } from '@jupyterlab/services';
import { ISettingRegistry } from '@jupyterlab/settingregistry';

import { makeRun } from '../../__tests__/server';
import { IWorkspaceConnections } from '../../tokens';
import { isBehind, lineFor } from '../handing';
import { cardPlugin } from '../plugin';
import { CardRenderer } from '../renderer';

function notebookOf(
  facts: { hash?: string; last_modified?: string } | null,
  collaborative = false
): NotebookPanel {
  const context = {
    contentsModel: facts,
    model: { collaborative },
    path: 'a.ipynb'
  };
  return { context, node: document.createElement('div') } as never;
}

function contentsOf(answer: object | Error): Contents.IManager {
  const get = async () => {
    if (answer instanceof Error) {
      throw answer;
    }
    return answer;
  };
  return { get } as never;
}

function refused(status: number): Error {
  const response = { status, statusText: '' } as Response;
  return new ServerConnection.ResponseError(response, 'refused');
}

describe('isBehind', () => {
  const SAME = { hash: 'a', last_modified: '1' };

  it.each<[string, object | Error, boolean]>([
    ['is the same', { hash: 'a', last_modified: '2' }, false],
    ['is another one', { hash: 'b', last_modified: '1' }, true],
    ['was written later, and has no hash', { last_modified: '2' }, true],
    ['was written then, and has no hash', { last_modified: '1' }, false],
    ['is gone', refused(404), false],
    ['cannot be read', refused(503), true],
    [
      'is asked for in vain',
      new ServerConnection.NetworkError(new TypeError('Failed to fetch')),
      true
    ]
  ])('knows of a page whose file %s', async (_, answer, behind) => {
    const contents = contentsOf(answer);
    expect(await isBehind(contents, notebookOf(SAME))).toBe(behind);
  });

  it('does not ask where all pages have one document', async () => {
    const contents = contentsOf(new Error('asked'));
    expect(await isBehind(contents, notebookOf(SAME, true))).toBe(false);
  });
});

describe('whether results are put into a notebook', () => {
  /** Asks before the settings are there. */
  async function keeps(load: () => Promise<object>): Promise<boolean> {
    const rendermime = { addFactory: jest.fn() };
    const app = {
      serviceManager: { contents: contentsOf({ last_modified: '1' }) }
    };
    cardPlugin.activate(
      app as JupyterFrontEnd,
      rendermime as unknown as IRenderMimeRegistry,
      {} as IWorkspaceConnections,
      { find: () => undefined } as unknown as INotebookTracker,
      { load } as unknown as ISettingRegistry,
      null
    );
    const [[factory]] = rendermime.addFactory.mock.calls;
    const renderer = factory.createRenderer();
    const { _options } = renderer as { _options: CardRenderer.IOptions };
    return _options.keepsResults(renderer);
  }

  beforeEach(() => {
    Object.assign(window, {
      IntersectionObserver: class {
        observe() {}
        disconnect() {}
      }
    });
  });

  it.each([true, false])('is as the setting says: %s', async composite => {
    const settings = { get: () => ({ composite }) };
    const load = async () => {
      await new Promise(resolve => setTimeout(resolve));
      return settings;
    };
    expect(await keeps(load)).toBe(composite);
  });

  it('is no where the setting cannot be read', async () => {
    expect(await keeps(() => Promise.reject(new Error('down')))).toBe(false);
  });
});

it('names a value in a line of Python in which nothing is hidden', () => {
  expect(lineFor(makeRun(12), 'net')).toBe('mlws.run(12)["net"]');
  expect(lineFor(makeRun(12), 'a"]\u202e')).toBe(
    'mlws.run(12)["a\\"]\\u202e"]'
  );
});
