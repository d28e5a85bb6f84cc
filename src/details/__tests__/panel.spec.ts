import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { loadPart } from '../../components/parts';
import { DetailsPanel } from '../panel';

const trans = nullTranslator.load('');

async function settled(): Promise<void> {
  await new Promise(resolve => setTimeout(resolve));
}

it('fetches what it shows once, and again where the server did not give it', async () => {
  const told = jest.spyOn(Notification, 'error').mockReturnValue('');
  const load = jest
    .fn<Promise<Widget>, []>()
    .mockRejectedValueOnce(new Error('Loading chunk 7 failed.'))
    .mockImplementation(async () => new Widget());
  const panel = new DetailsPanel(trans, () => loadPart(trans, load));
  Widget.attach(panel, document.body);
  await settled();
  expect(told.mock.lastCall?.[0]).toMatch(/did not give this part.*Try it/);
  expect(panel.widgets).toHaveLength(0);
  panel.hide();
  panel.show();
  panel.activate();
  await settled();
  panel.activate();
  await settled();
  expect(panel.widgets).toHaveLength(1);
  expect(load).toHaveBeenCalledTimes(2);
  expect(told).toHaveBeenCalledTimes(1);
  panel.dispose();
});
