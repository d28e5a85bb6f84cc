import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { DialogBody } from '../components/DialogBody';
import { escapeControls } from '../components/text';

/** What a project names, and what it means to trust it. */
export class TrustQuestion extends DialogBody {
  constructor(
    private readonly _options: {
      /** What names the place. */
      file: string;
      place: string;
      trans: TranslationBundle;
    }
  ) {
    super();
    this.addClass('jp-mlws-trust');
  }

  protected render(): JSX.Element {
    const { file, place, trans } = this._options;
    return (
      <>
        <p>{trans.__('Somebody wrote into')}</p>
        <pre>{escapeControls(file)}</pre>
        <p>{trans.__('that this project keeps its runs in')}</p>
        <pre>{escapeControls(place)}</pre>
        <p>
          {trans.__(
            'If you trust it, code, data and results of your runs go there, and runs, models and files that others left there are shown to you. Should the project name another place later, you are asked again.'
          )}
        </p>
      </>
    );
  }
}
