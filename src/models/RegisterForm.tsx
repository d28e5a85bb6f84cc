import { TranslationBundle } from '@jupyterlab/translation';
import { HTMLSelect } from '@jupyterlab/ui-components';
import * as React from 'react';

import { ApiError } from '../api';
import { ChoiceForm, Refused, useChoice } from '../components/ChoiceForm';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';

/** What is registered under which name. */
export interface IRegisterChoice {
  readonly name: string;
  /** A file of the run, or a folder of its files. */
  readonly path: string;
  readonly description: string;
}

export interface IRegisterFormOptions {
  /** Files of the run, and the folders that they are in. */
  paths: readonly string[];
  /** Names that models have: another version of one is as likely as a new one. */
  names: readonly string[];
  choice: IRegisterChoice;
  /** Why that did not do. */
  failure: ApiError | null;
  trans: TranslationBundle;
}

const NAMES_ID = 'jp-mlws-model-names';

/** The body of the dialog in which a model is registered from what a run left. */
export class RegisterForm extends ChoiceForm<IRegisterChoice> {
  constructor(private readonly _options: IRegisterFormOptions) {
    super(_options.choice, _options.trans, 'jp-mlws-register');
  }

  protected draw(onChange: (choice: IRegisterChoice) => void): JSX.Element {
    return <Form {...this._options} onChange={onChange} />;
  }
}

function Form(
  props: IRegisterFormOptions & { onChange: (choice: IRegisterChoice) => void }
): JSX.Element {
  const trans = useTranslation();
  const { paths, names, failure } = props;
  const [choice, change] = useChoice(props.choice, props.onChange);
  return (
    <>
      <Refused error={failure} />
      <fieldset className="jp-mlws-fields">
        <label>
          <span>{trans.__('Name')}</span>
          <input
            className="jp-mlws-input"
            type="text"
            list={NAMES_ID}
            spellCheck={false}
            value={choice.name}
            onChange={event => change({ name: event.target.value })}
          />
        </label>
        <datalist id={NAMES_ID}>
          {names.map(name => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <label>
          <span>{trans.__('File or folder')}</span>
          <HTMLSelect
            value={choice.path}
            onChange={event => change({ path: event.target.value })}
          >
            {paths.map(path => (
              <option key={path} value={path}>
                {escapeControls(path)}
              </option>
            ))}
          </HTMLSelect>
        </label>
        <label>
          <span>{trans.__('Description')}</span>
          <input
            className="jp-mlws-input"
            type="text"
            value={choice.description}
            onChange={event => change({ description: event.target.value })}
          />
        </label>
      </fieldset>
    </>
  );
}
