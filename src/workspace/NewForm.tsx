import { Dialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { NewWorkspace } from '../api';
import { DialogBody } from '../components/DialogBody';

export interface INewFormOptions {
  /** The folder that is proposed, as the server shows its path. */
  folder: string;
  trans: TranslationBundle;
}

/** The body of the dialog that makes a workspace for a project. */
export class NewForm
  extends DialogBody
  implements Dialog.IBodyWidget<NewWorkspace>
{
  constructor(private readonly _options: INewFormOptions) {
    super();
    this.addClass('jp-mlws-rerun');
    this._value = { folder: _options.folder, name: '', database: '' };
  }

  getValue(): NewWorkspace {
    return this._value;
  }

  protected render(): JSX.Element {
    const { trans } = this._options;
    const field = (
      name: keyof NewWorkspace,
      label: string,
      placeholder: string
    ) => (
      <label>
        <span>{label}</span>
        <input
          className="jp-mlws-input"
          defaultValue={this._value[name]}
          placeholder={placeholder}
          spellCheck={false}
          onChange={event => {
            this._value = { ...this._value, [name]: event.target.value };
          }}
        />
      </label>
    );
    return (
      <>
        <p>
          {trans.__(
            'The notebooks of a project share its workspace. It lies in the folder .mlws of the project and moves with it.'
          )}
        </p>
        <div className="jp-mlws-fields">
          {field(
            'folder',
            trans.__('Project folder'),
            trans.__('the folder that the file browser begins with')
          )}
          {field('name', trans.__('Name'), trans.__("the folder's name"))}
          {field(
            'database',
            trans.__('Shared database'),
            trans.__('none, or postgresql://user@host/database')
          )}
        </div>
      </>
    );
  }

  private _value: NewWorkspace;
}
