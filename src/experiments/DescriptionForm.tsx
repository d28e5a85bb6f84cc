import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { ApiError } from '../api';
import { ChoiceForm, Refused, useChoice } from '../components/ChoiceForm';

interface IText {
  readonly text: string;
}

/** The body of the dialog in which an experiment is described. */
export class DescriptionForm extends ChoiceForm<IText> {
  /**
   * @param _before - what is there
   * @param _failure - why that did not do
   */
  constructor(
    private readonly _label: string,
    private readonly _before: string,
    private readonly _failure: ApiError | null,
    trans: TranslationBundle
  ) {
    super({ text: _before }, trans, 'jp-mlws-description-form');
  }

  protected draw(onChange: (choice: IText) => void): JSX.Element {
    return (
      <Form
        label={this._label}
        before={this._before}
        failure={this._failure}
        onChange={onChange}
      />
    );
  }
}

function Form(props: {
  label: string;
  before: string;
  failure: ApiError | null;
  onChange: (choice: IText) => void;
}): JSX.Element {
  const [choice, change] = useChoice<IText>(
    { text: props.before },
    props.onChange
  );
  return (
    <>
      <Refused error={props.failure} />
      <textarea
        className="jp-mlws-text-field"
        rows={5}
        aria-label={props.label}
        spellCheck={true}
        value={choice.text}
        onChange={event => change({ text: event.target.value })}
      />
    </>
  );
}
