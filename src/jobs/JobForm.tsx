import { PathExt } from '@jupyterlab/coreutils';
import { TranslationBundle } from '@jupyterlab/translation';
import { HTMLSelect } from '@jupyterlab/ui-components';
import * as React from 'react';

import { ApiError, KERNEL, NotebookParameter } from '../api';
import { ChoiceForm, Refused, useChoice } from '../components/ChoiceForm';
import { Notice } from '../components/empty';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';
import { IFile, IJobFacts } from './facts';
import { initialText, Typed } from './parameters';

/** What was chosen for a file. */
export interface IJobChoice {
  readonly typed: Typed;
  readonly arguments: string;
  readonly experiment: string;
  readonly name: string;
  readonly compute: string;
  readonly environment: string;
}

export const NO_CHOICE: IJobChoice = {
  typed: {},
  arguments: '',
  experiment: '',
  name: '',
  compute: 'local',
  environment: KERNEL
};

export interface IJobFormOptions {
  file: IFile;
  facts: IJobFacts;
  /** What was chosen when the form was up before. */
  choice: IJobChoice;
  /** Why that did not do: a sentence of the server, or what is wrong with parameters. */
  failure: ApiError | null;
  problems: Readonly<Record<string, string>>;
  trans: TranslationBundle;
}

/** The body of the dialog before a file runs as a job. */
export class JobForm extends ChoiceForm<IJobChoice> {
  constructor(private readonly _options: IJobFormOptions) {
    super(_options.choice, _options.trans, 'jp-mlws-rerun', 'jp-mlws-job');
  }

  protected draw(onChange: (choice: IJobChoice) => void): JSX.Element {
    return <Form {...this._options} onChange={onChange} />;
  }
}

type Change = (part: Partial<IJobChoice>) => void;

function Form(
  props: IJobFormOptions & { onChange: (choice: IJobChoice) => void }
): JSX.Element {
  const trans = useTranslation();
  const { facts, failure, file } = props;
  const [choice, change] = useChoice(props.choice, props.onChange);
  return (
    <>
      <Refused error={failure} />
      {file.hasUnsavedChanges && (
        <Notice kind="warning">
          {trans.__(
            '%1 has changes that are not saved: it runs as it was saved.',
            escapeControls(PathExt.basename(file.path))
          )}
        </Notice>
      )}
      {facts.parameters ? (
        <Parameters {...props} choice={choice} change={change} />
      ) : (
        <div className="jp-mlws-fields">
          <Field label={trans.__('Arguments')}>
            <input
              className="jp-mlws-input"
              value={choice.arguments}
              placeholder={trans.__("--epochs 10 --name 'a b'")}
              spellCheck={false}
              onChange={event => change({ arguments: event.target.value })}
            />
          </Field>
        </div>
      )}
      <Place {...props} choice={choice} change={change} />
    </>
  );
}

/** Where it runs, in what, and under which names. */
function Place(
  props: IJobFormOptions & { choice: IJobChoice; change: Change }
): JSX.Element {
  const trans = useTranslation();
  const { change, choice, facts, file } = props;
  const list = React.useId();
  const target = facts.compute.find(it => it.name === choice.compute);
  const misfit = target?.takes === 'image' && choice.environment === KERNEL;
  return (
    <>
      <div className="jp-mlws-fields">
        <Field label={trans.__('Compute')}>
          <HTMLSelect
            value={choice.compute}
            onChange={event => change({ compute: event.target.value })}
          >
            {facts.compute.length === 0 && (
              <option value="local">{trans.__('local')}</option>
            )}
            {facts.compute.map(({ name, ready }) => (
              <option key={name} value={name} disabled={!ready}>
                {ready
                  ? escapeControls(name)
                  : trans.__('%1, not ready', escapeControls(name))}
              </option>
            ))}
          </HTMLSelect>
        </Field>
        <Field label={trans.__('Environment')}>
          <HTMLSelect
            value={choice.environment}
            onChange={event => change({ environment: event.target.value })}
          >
            {facts.environments.map(name => (
              <option key={name} value={name}>
                {name === KERNEL
                  ? trans.__('kernel, the server’s interpreter')
                  : escapeControls(name)}
              </option>
            ))}
          </HTMLSelect>
        </Field>
        <Field label={trans.__('Experiment')}>
          <input
            className="jp-mlws-input"
            list={list}
            value={choice.experiment}
            placeholder={trans.__('the name of the file')}
            spellCheck={false}
            onChange={event => change({ experiment: event.target.value })}
          />
          <datalist id={list}>
            {facts.experiments.map(name => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </Field>
        <Field label={trans.__('Name')}>
          <input
            className="jp-mlws-input"
            value={choice.name}
            placeholder={escapeControls(PathExt.basename(file.path))}
            onChange={event => change({ name: event.target.value })}
          />
        </Field>
      </div>
      {misfit && (
        <p className="jp-mlws-hint" role="status">
          {trans.__(
            '%1 runs containers, and no container has the kernel’s interpreter: choose an environment, too.',
            escapeControls(choice.compute)
          )}
        </p>
      )}
    </>
  );
}

function Parameters(
  props: IJobFormOptions & { choice: IJobChoice; change: Change }
): JSX.Element {
  const trans = useTranslation();
  const { change, choice, facts, problems } = props;
  const { items = [], tagged = false, language = '' } = facts.parameters ?? {};
  if (items.length === 0) {
    return (
      <p className="jp-mlws-hint">
        {language === 'python' || tagged
          ? trans.__('This notebook has no parameters.')
          : trans.__(
              'This notebook names no parameters: tag the cell that sets them “parameters”.'
            )}
      </p>
    );
  }
  return (
    <fieldset className="jp-mlws-fields jp-mlws-job-parameters">
      <legend>
        {tagged
          ? trans.__('Parameters')
          : trans.__(
              'Parameters: the values that its cells set. Tag a cell “parameters” to name your own.'
            )}
      </legend>
      {items.map(item => (
        <Parameter
          key={item.name}
          item={item}
          problem={problems[item.name] ?? ''}
          text={choice.typed[item.name] ?? initialText(item)}
          onChange={text =>
            change({ typed: { ...choice.typed, [item.name]: text } })
          }
        />
      ))}
    </fieldset>
  );
}

function Parameter(props: {
  item: NotebookParameter;
  problem: string;
  text: string;
  onChange: (text: string) => void;
}): JSX.Element {
  const trans = useTranslation();
  const { item, problem, text, onChange } = props;
  const about = React.useId();
  const below = problem || item.help;
  const described = {
    'aria-describedby': below ? about : undefined,
    'aria-invalid': problem ? true : undefined
  };
  return (
    <Field label={escapeControls(item.name)}>
      {item.type === 'bool' ? (
        <HTMLSelect
          {...described}
          value={text}
          onChange={event => onChange(event.target.value)}
        >
          {item.default === null && (
            <option value="">{trans.__('as in the notebook')}</option>
          )}
          <option value="true">{trans.__('true')}</option>
          <option value="false">{trans.__('false')}</option>
        </HTMLSelect>
      ) : (
        <input
          {...described}
          className="jp-mlws-input"
          inputMode={
            item.type === 'int' || item.type === 'float' ? 'decimal' : undefined
          }
          placeholder={escapeControls(item.code || initialText(item))}
          spellCheck={false}
          value={text}
          onChange={event => onChange(event.target.value)}
        />
      )}
      {below && (
        <small
          id={about}
          className={problem ? 'jp-mlws-problem' : 'jp-mlws-hint'}
        >
          {escapeControls(below)}
        </small>
      )}
    </Field>
  );
}

function Field(props: {
  label: string;
  children: React.ReactNode;
}): JSX.Element {
  return (
    <label>
      <span>{props.label}</span>
      <span className="jp-mlws-field">{props.children}</span>
    </label>
  );
}
