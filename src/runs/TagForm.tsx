import { Dialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { DialogBody } from '../components/DialogBody';

/** A tag: its value may be ''. */
export interface ITag {
  readonly name: string;
  readonly value: string;
}

/** The body of the dialog that asks for a tag. */
export class TagForm extends DialogBody implements Dialog.IBodyWidget<ITag> {
  constructor(private readonly _trans: TranslationBundle) {
    super();
    this.addClass('jp-mlws-tag-form');
  }

  getValue(): ITag {
    return this._tag;
  }

  protected render(): JSX.Element {
    return (
      <label>
        {this._trans.__('Name, or name=value')}
        <input
          type="text"
          className="jp-mod-styled"
          spellCheck={false}
          onChange={event => {
            this._tag = parseTag(event.target.value);
          }}
        />
      </label>
    );
  }

  private _tag: ITag = { name: '', value: '' };
}

/** A tag as it is typed everywhere: `owner=ada`, or only `best`. */
export function parseTag(text: string): ITag {
  const [name, ...rest] = text.split('=');
  return { name: name.trim(), value: rest.join('=').trim() };
}
