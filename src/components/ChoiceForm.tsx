import { Dialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { ApiError } from '../api';
import { DialogBody } from './DialogBody';
import { Failure } from './failure';
import { Translation } from './translation';

/** The body of a dialog that asks for several things. What was chosen so far lives as long as it does. */
export abstract class ChoiceForm<T>
  extends DialogBody
  implements Dialog.IBodyWidget<T>
{
  constructor(
    private _choice: T,
    private readonly _trans: TranslationBundle,
    ...classes: string[]
  ) {
    super();
    classes.forEach(name => this.addClass(name));
  }

  getValue(): T {
    return this._choice;
  }

  protected render(): JSX.Element {
    return (
      <Translation.Provider value={this._trans}>
        {this.draw(choice => {
          this._choice = choice;
        })}
      </Translation.Provider>
    );
  }

  /** The fields, given where to say what is chosen. */
  protected abstract draw(onChange: (choice: T) => void): JSX.Element;
}

/** What is chosen in a form, and the way to change a part of it. */
export function useChoice<T>(
  initial: T,
  onChange: (choice: T) => void
): [T, (part: Partial<T>) => void] {
  const [choice, setChoice] = React.useState(initial);
  const change = (part: Partial<T>) => {
    const next = { ...choice, ...part };
    setChoice(next);
    onChange(next);
  };
  return [choice, change];
}

/** Why what was chosen before did not do. */
export function Refused(props: { error: ApiError | null }): JSX.Element | null {
  const { error } = props;
  return error && <Failure error={error} />;
}
