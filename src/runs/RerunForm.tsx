import { TranslationBundle } from '@jupyterlab/translation';
import { HTMLSelect } from '@jupyterlab/ui-components';
import * as React from 'react';

import { ApiError, Compute, KERNEL, RunLine } from '../api';
import { ChoiceForm, Refused, useChoice } from '../components/ChoiceForm';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';
import type { IRerunChoice, IRerunFacts } from './rerun';
import { Reasons, Verdict } from './Reproducible';

export interface IRerunFormOptions {
  run: RunLine;
  facts: IRerunFacts;
  /** Names of the parameters whose values can be changed. */
  params: readonly string[];
  /** Whether these are what it is about. */
  edits: boolean;
  /** Names of secrets, and options of masked arguments, that were never stored. */
  names: readonly string[];
  /** What was chosen when the form was up before. */
  choice: IRerunChoice;
  /** Why that did not do. */
  failure: ApiError | null;
  trans: TranslationBundle;
}

/** The body of the dialog before a run is done again. What is typed into it lives as long as it does. */
export class RerunForm extends ChoiceForm<IRerunChoice> {
  constructor(private readonly _options: IRerunFormOptions) {
    super(_options.choice, _options.trans, 'jp-mlws-rerun');
  }

  protected draw(onChange: (choice: IRerunChoice) => void): JSX.Element {
    return <Form {...this._options} onChange={onChange} />;
  }
}

function Form(
  props: IRerunFormOptions & { onChange: (choice: IRerunChoice) => void }
): JSX.Element {
  const trans = useTranslation();
  const { edits, facts, failure, names, params, run } = props;
  const [choice, change] = useChoice(props.choice, props.onChange);
  return (
    <>
      <Refused error={failure} />
      <p>
        {edits
          ? trans.__('A new run with the same code, command and inputs.')
          : trans.__(
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
      {params.length > 0 && (
        <Parameters {...props} choice={choice} onChange={change} />
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

/** The parameters with the values that they had. */
function Parameters(props: {
  run: RunLine;
  params: readonly string[];
  edits: boolean;
  choice: IRerunChoice;
  onChange: (change: Pick<IRerunChoice, 'params'>) => void;
}): JSX.Element {
  const trans = useTranslation();
  const { run, params, edits, choice, onChange } = props;
  const fields = (
    <div className="jp-mlws-fields">
      {params.map(name => (
        <label key={name}>
          <span>{escapeControls(name)}</span>
          <input
            className="jp-mlws-input"
            type="text"
            autoComplete="off"
            spellCheck={false}
            value={choice.params[name] ?? run.params[name]}
            onChange={event =>
              onChange({
                params: { ...choice.params, [name]: event.target.value }
              })
            }
          />
        </label>
      ))}
    </div>
  );
  return edits ? (
    fields
  ) : (
    <details className="jp-mlws-more">
      <summary>{trans.__('With other parameters')}</summary>
      {fields}
    </details>
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
  run: RunLine;
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
