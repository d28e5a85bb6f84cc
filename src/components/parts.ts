import { TranslationBundle } from '@jupyterlab/translation';

import { ApiError } from '../api';

/**
 * Load a part of the extension that is wanted only now. One that did not come is asked for anew the next time.
 *
 * @throws ApiError where the server does not give it
 */
export async function loadPart<T>(
  trans: TranslationBundle,
  load: () => Promise<T>
): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof Error)) {
      throw error;
    }
    throw new ApiError(
      'network',
      trans.__('The server did not give this part of the page.'),
      trans.__(
        'Try it again when the server is back; after an upgrade, reload the page.'
      )
    );
  }
}
