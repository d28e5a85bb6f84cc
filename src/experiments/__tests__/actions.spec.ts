import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';

import { until } from '../../__tests__/server';
import {
  archiveExperiment,
  deleteExperiment,
  deleteText,
  describeExperiment
} from '../actions';
import { LIST, Place } from './support';

const trans = nullTranslator.load('');

let place: Place;

beforeEach(async () => {
  place = await Place.make();
});

afterEach(() => {
  place.dispose();
});

describe('what is done about an experiment', () => {
  const ONE = `${LIST}/digits`;
  const context = () => ({
    connection: place.events.connection,
    experiments: place.model,
    trans
  });

  const field = () =>
    document.querySelector<HTMLTextAreaElement>('.jp-Dialog textarea');

  /** Press a button of the dialog that is open, when it is; gives what it said. */
  async function answer(label: string): Promise<string> {
    const find = () =>
      [...document.querySelectorAll<HTMLElement>('.jp-Dialog button')].find(
        it => it.textContent?.includes(label)
      );
    await until(() => find() !== undefined);
    const dialog = find()!.closest('.jp-Dialog')!;
    const said = dialog.textContent ?? '';
    find()!.click();
    await until(() => !dialog.isConnected);
    return said;
  }

  function type(text: string): void {
    Object.getOwnPropertyDescriptor(
      HTMLTextAreaElement.prototype,
      'value'
    )!.set!.call(field(), text);
    field()!.dispatchEvent(new Event('input', { bubbles: true }));
  }

  it('is to describe it, and a refused text is not lost', async () => {
    let refuses = true;
    place.server.on(`PATCH ${ONE}`, () =>
      refuses
        ? { json: { code: 'too_long', message: 'Too long.' }, status: 400 }
        : { json: place.experiments[1] }
    );
    const done = describeExperiment(context(), place.experiments[1]);
    await until(() => field() !== null);
    expect(field()!.value).toBe('Baselines.\nAll.');
    type('More. ');
    await answer('Save');
    refuses = false;
    await until(() => field()?.value === 'More. ');
    expect(await answer('Save')).toContain('Too long.');
    await done;
    const [, sent] = place.server.asked(`PATCH ${ONE}`);
    expect(sent.body).toEqual({ description: 'More.' });
  });

  it('is to archive it, which can be undone', async () => {
    place.server.on(`PATCH ${ONE}`, { json: place.experiments[1] });
    const info = jest.spyOn(Notification, 'info').mockReturnValue('');
    await archiveExperiment(context(), place.experiments[1], true);
    const [text, options] = info.mock.calls[0];
    expect(text).toContain('takes no new runs');
    options!.actions![0].callback({} as never);
    await until(() => place.server.asked(`PATCH ${ONE}`).length === 2);
    expect(place.server.asked(`PATCH ${ONE}`).map(it => it.body)).toEqual([
      { archived: true },
      { archived: false }
    ]);
  });

  it('is to delete it, which says what goes, lists other runs again, and can be undone', async () => {
    await place.wake();
    place.model.show('digits');
    place.server.on(`DELETE ${ONE}`, {
      json: { size_bytes: 2000, until: '2026-02-07T12:00:00Z' }
    });
    place.server.on(`POST ${ONE}/restore`, { json: place.experiments[1] });
    const info = jest.spyOn(Notification, 'info').mockReturnValue('');
    const done = deleteExperiment(context(), place.experiments[1]);
    expect(place.server.asked(`DELETE ${ONE}`)).toEqual([]);
    expect(await answer('Delete experiment')).toContain(
      'its run go to the trash'
    );
    await done;
    expect(place.runs.search).toBe('');
    const [text, options] = info.mock.calls[0];
    expect(text).toContain('2.0 kB');
    options!.actions![0].callback({} as never);
    await until(() => place.server.asked(`POST ${ONE}/restore`).length === 1);
  });

  it('is told for none, one and many runs', () => {
    expect(deleteText(trans, 0)).not.toContain('run');
    expect(deleteText(trans, 1)).toContain('its run go');
    expect(deleteText(trans, 12)).toContain('its 12 runs go');
  });
});
