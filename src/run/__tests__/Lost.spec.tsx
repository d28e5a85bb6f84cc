import { render } from '@testing-library/react';
import { Signal } from '@lumino/signaling';
import * as React from 'react';

import { ApiError } from '../../api';
import { ConnectionState, IWorkspaceConnection } from '../../tokens';
import { Lost } from '../Lost';

const AWAY = new ApiError(
  'unavailable',
  'The database <b>\u202eteam</b> does not answer.',
  'Try again when the server is up.'
);

function show(
  state: ConnectionState,
  error: ApiError | null = null,
  said: ApiError | null = null
): string {
  const connection = { state, error };
  Object.assign(connection, { stateChanged: new Signal(connection) });
  const { container } = render(
    <Lost
      connection={connection as unknown as IWorkspaceConnection}
      said={said}
    />
  );
  return container.textContent ?? '';
}

describe('Lost', () => {
  it('says nothing while all is well', () => {
    expect(show('connecting') + show('connected')).toBe('');
  });

  it('says that nobody answers', () => {
    expect(show('lost', AWAY)).toMatch(/^The server does not answer/);
  });

  it('says why the workspace cannot be read, and that it goes on', () => {
    expect(show('failed', AWAY)).toBe(
      'The database <b>\\u202eteam</b> does not answer. Try again when the server is up. This goes on when the workspace can be read.'
    );
  });

  it('does not say twice what is said of the run', () => {
    expect(show('failed', AWAY, AWAY)).toBe('');
  });
});
