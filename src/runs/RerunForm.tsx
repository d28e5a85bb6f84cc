import { Dialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { HTMLSelect, ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import { ApiError, Compute, KERNEL, Run } from '../api';
import { Notice } from '../components/empty';
import { escapeControls } from '../components/text';
import { Translation, useTranslation } from '../components/translation';
import type { IRerunChoice, IRerunFacts } from './rerun';
import { Reasons, Verdict } from './Reproducible';

export interface IRerunFormOptions {
  run: Run;
  facts: IRerunFacts;
  /** Names of secrets, and options of masked arguments, that were never stored. */
  names: readonly string[];
  /** What was chosen when the form was up before. */
  choice: IRerunChoice;
  /** Why that did not do. */
  failure: ApiError | null;
  trans: TranslationBundle;
}

/** The body of the dialog before a run is done again. What is typed into it lives as long as it does. */
export class RerunForm
  extends ReactWidget
  implements Dialog.IBodyWidget<IRerunChoice>
{
  constructor(private readonly _options: IRerunFormOptions) {
    super();
    this.addClass('jp-mlws-rerun');
    this._choice = _options.choice;
  }

  getValue(): IRerunChoice {
    return this._choice;
  }

  protected render(): JSX.Element {
    return (
      <Translation.Provider value={this._options.trans}>
        <Form
          {...this._options}
          onChange={choice => {
            this._choice = choice;
          }}
        />
      </Translation.Provider>
    );
  }

  private _choice: IRerunChoice;
}

function Form(
  props: IRerunFormOptions & { onChange: (choice: IRerunChoice) => void }
): JSX.Element {
  const trans = useTranslation();
  const { facts, failure, names, run } = props;
  const [choice, setChoice] = React.useState(props.choice);
  const change = (part: Partial<IRerunChoice>) => {
    const next = { ...choice, ...part };
    setChoice(next);
    props.onChange(next);
  };
  return (
    <>
      {failure && (
        <Notice kind="error">
          {escapeControls(`${failure.message} ${failure.hint}`.trim())}
        </Notice>
      )}
      <p>
        {trans.__(
          'A new run with the same code, command, inputs and parameters.'
        )}
      </p>
      {facts.record && (
        <>
          <Verdict record={facts.record} />
          <Reasons
            // The fields below say the same of secrets.
            reasons={facts.record.reasons.filter(it => it.code !== 'secrets')}
          />
        </>
      )}
      {names.length > 0 && (
        <fieldset className="jp-mlws-fields">
          <legend>
            {trans.__(
              'Not stored with the run, so to be given again; it goes to the new run alone:'
            )}
          </legend>
          {names.map(name => (
            <label key={name}>
              <span>{escapeControls(name)}</span>
              <input
                className="jp-mlws-input"
                type="password"
                autoComplete="new-password"
                placeholder={
                  facts.kept.includes(name)
                    ? trans.__('as kept under Secrets')
                    : ''
                }
                value={choice.secrets[name] ?? ''}
                onChange={event =>
                  change({
                    secrets: { ...choice.secrets, [name]: event.target.value }
                  })
                }
              />
            </label>
          ))}
        </fieldset>
      )}
      <div className="jp-mlws-fields">
        <label>
          <span>{trans.__('Environment')}</span>
          <HTMLSelect
            value={choice.environment ?? ''}
            onChange={event =>
              change({ environment: event.target.value || null })
            }
          >
            <option value="">
              {trans.__('%1, as before', escapeControls(run.environment))}
            </option>
            {facts.environments.map(name => (
              <option key={name} value={name}>
                {name === KERNEL
                  ? trans.__('kernel, the server’s interpreter')
                  : escapeControls(name)}
              </option>
            ))}
          </HTMLSelect>
        </label>
        <label>
          <span>{trans.__('Compute')}</span>
          <HTMLSelect
            value={choice.compute ?? ''}
            onChange={event => change({ compute: event.target.value || null })}
          >
            <option value="">
              {trans.__('%1, as before', escapeControls(run.compute_target))}
            </option>
            {facts.compute
              .filter(target => target.name !== run.compute_target)
              .map(target => (
                <ComputeOption key={target.name} target={target} />
              ))}
          </HTMLSelect>
        </label>
      </div>
      <Misfit run={run} choice={choice} compute={facts.compute} />
    </>
  );
}

function ComputeOption(props: { target: Compute }): JSX.Element {
  const trans = useTranslation();
  const { name, ready } = props.target;
  return (
    <option value={name} disabled={!ready}>
      {ready ? escapeControls(name) : trans.__('%1, not ready', name)}
    </option>
  );
}

/** Says at once what the server would refuse. */
function Misfit(props: {
  run: Run;
  choice: IRerunChoice;
  compute: readonly Compute[];
}): JSX.Element | null {
  const trans = useTranslation();
  const { run, choice, compute } = props;
  const place = choice.compute ?? run.compute_target;
  const environment = choice.environment ?? run.environment;
  const target = compute.find(it => it.name === place);
  return target?.takes === 'image' && environment === KERNEL ? (
    <p className="jp-mlws-hint" role="status">
      {trans.__(
        '%1 runs containers, and no container has the kernel’s interpreter: choose an environment, too.',
        escapeControls(place)
      )}
    </p>
  ) : null;
}
