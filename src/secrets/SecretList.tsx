import { deleteIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { ApiError, Secret } from '../api';
import { Button, Empty } from '../components/empty';
import { Failure, errorText } from '../components/failure';
import { useSignal } from '../components/model';
import { IconButton } from '../components/IconButton';
import { Lesson } from '../components/Lesson';
import { escapeControls, Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { ListModel } from '../model/list';

export interface ISecretListProps {
  model: ListModel<Secret>;
  /** @throws ApiError */
  onAdd: (name: string, value: string) => Promise<void>;
  onDelete: (secret: Secret) => void;
}

const RECIPE = `%%submit --secret HF_TOKEN
import os
token = os.environ["HF_TOKEN"]`;

/** Names of what runs can be handed and nobody may read; a value goes in, and is never shown. */
export function SecretList(props: ISecretListProps): JSX.Element {
  const trans = useTranslation();
  useSignal(props.model.changed);
  const { items, error } = props.model;
  return (
    <div
      className="jp-mlws-lines"
      tabIndex={0}
      role="group"
      aria-label={trans.__('Secrets')}
    >
      {error ? (
        <Empty>
          <p>{errorText(error)}</p>
        </Empty>
      ) : (
        <>
          {items.length === 0 && (
            <Lesson
              about={trans.__(
                'A secret is kept encrypted outside the workspace. A run gets those that it names, and its log shows *** in their place:'
              )}
              recipe={RECIPE}
            />
          )}
          <ul className="jp-mlws-entries">
            {items.map(secret => (
              <SecretLine key={secret.name} {...props} secret={secret} />
            ))}
          </ul>
          <AddSecret {...props} />
        </>
      )}
    </div>
  );
}

function SecretLine(props: ISecretListProps & { secret: Secret }): JSX.Element {
  const trans = useTranslation();
  const { secret, onDelete } = props;
  const label = trans.__('Delete secret %1', escapeControls(secret.name));
  const words: Record<string, string> = {
    keyring: trans.__('desktop keyring'),
    file: trans.__('encrypted file')
  };
  return (
    <li className="jp-mlws-secret" data-secret={secret.name}>
      <Text className="jp-mlws-line-name" value={secret.name} />
      <span className="jp-mlws-line-fact">
        {words[secret.vault] ?? escapeControls(secret.vault)}
      </span>
      <IconButton
        icon={deleteIcon}
        label={label}
        size={14}
        onClick={() => onDelete(secret)}
      />
    </li>
  );
}

/** A form that forgets the value as soon as it is on its way. */
function AddSecret(props: ISecretListProps): JSX.Element {
  const trans = useTranslation();
  const [name, setName] = React.useState('');
  const [value, setValue] = React.useState('');
  const [busy, setBusy] = React.useState(false);
  const [error, setError] = React.useState<ApiError | null>(null);
  const nameBox = React.useRef<HTMLInputElement>(null);
  const isKnown = props.model.items.some(it => it.name === name.trim());
  const add = async () => {
    if (busy || name.trim() === '' || value === '') {
      return;
    }
    setBusy(true);
    setError(null);
    try {
      await props.onAdd(name.trim(), value);
      setName('');
      nameBox.current?.focus();
    } catch (failure) {
      if (!(failure instanceof ApiError)) {
        throw failure;
      }
      setError(failure);
    } finally {
      setValue('');
      setBusy(false);
    }
  };
  return (
    <form
      className="jp-mlws-secret-form"
      aria-label={trans.__('Add a secret')}
      autoComplete="off"
      onSubmit={event => {
        event.preventDefault();
        void add();
      }}
    >
      <input
        ref={nameBox}
        className="jp-mlws-input"
        type="text"
        aria-label={trans.__('Name of the secret')}
        placeholder={trans.__('Name')}
        autoComplete="off"
        spellCheck={false}
        value={name}
        onChange={event => setName(event.target.value)}
      />
      <input
        className="jp-mlws-input"
        type="password"
        aria-label={trans.__('Value of the secret')}
        placeholder={trans.__('Value')}
        autoComplete="new-password"
        value={value}
        onChange={event => setValue(event.target.value)}
      />
      <Button busy={busy}>
        {isKnown ? trans.__('Replace') : trans.__('Add')}
      </Button>
      {error && <Failure error={error} />}
    </form>
  );
}
