import { Signal } from '@lumino/signaling';
import { act, fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import { ApiError, Secret } from '../../api';
import { ListModel } from '../../model/list';
import { SecretList } from '../SecretList';

describe('SecretList', () => {
  const onAdd = jest.fn<Promise<void>, [string, string]>();
  const onDelete = jest.fn();

  beforeEach(() => {
    onAdd.mockReset().mockResolvedValue();
    onDelete.mockReset();
  });

  function show(items: Secret[], error: ApiError | null = null): void {
    const list = { items, error };
    Object.assign(list, { changed: new Signal(list) });
    render(
      <SecretList
        model={list as unknown as ListModel<Secret>}
        onAdd={onAdd}
        onDelete={onDelete}
      />
    );
  }

  const box = (name: string) => screen.getByLabelText<HTMLInputElement>(name);

  async function add(name: string, value: string): Promise<void> {
    fireEvent.change(box('Name of the secret'), { target: { value: name } });
    fireEvent.change(box('Value of the secret'), { target: { value } });
    await act(async () => {
      fireEvent.submit(screen.getByRole('form', { name: 'Add a secret' }));
    });
  }

  it('teaches where there is none', () => {
    show([]);
    expect(screen.getByText(/%%submit --secret/)).toBeTruthy();
  });

  it('hides what is typed, hands it over, and forgets it', async () => {
    show([]);
    expect(box('Value of the secret').type).toBe('password');
    await add(' TOKEN ', 'abc');
    expect(onAdd).toHaveBeenCalledWith('TOKEN', 'abc');
    expect(box('Value of the secret').value).toBe('');
    expect(box('Name of the secret').value).toBe('');
  });

  it('says why one cannot be kept, and forgets the value all the same', async () => {
    show([]);
    onAdd.mockRejectedValue(
      new ApiError('invalid_name', 'No name.', 'Use letters.')
    );
    await add('a b', 'abc');
    expect(screen.getByText('No name. Use letters.')).toBeTruthy();
    expect(box('Name of the secret').value).toBe('a b');
    expect(box('Value of the secret').value).toBe('');
  });

  it('wants both a name and a value', async () => {
    show([]);
    await add('TOKEN', '');
    await add('', 'abc');
    expect(onAdd).not.toHaveBeenCalled();
  });

  it('lists names, and says where an old value would be replaced', () => {
    const secret = { name: 'TOKEN', vault: 'keyring' };
    show([secret]);
    expect(screen.getByText('desktop keyring')).toBeTruthy();
    fireEvent.change(box('Name of the secret'), { target: { value: 'TOKEN' } });
    expect(screen.getByRole('button', { name: 'Replace' })).toBeTruthy();
    fireEvent.click(
      screen.getByRole('button', { name: 'Delete secret TOKEN' })
    );
    expect(onDelete).toHaveBeenCalledWith(secret);
  });

  it('says what is wrong with the vault', () => {
    show([], new ApiError('corrupt', 'The key is gone.', 'Restore it.'));
    expect(screen.getByText('The key is gone. Restore it.')).toBeTruthy();
  });
});
