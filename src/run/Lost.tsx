import * as React from 'react';

import { ApiError } from '../api';
import { errorText } from '../components/failure';
import { useSignal } from '../components/model';
import { useTranslation } from '../components/translation';
import { IWorkspaceConnection } from '../tokens';

/** Says that what is on screen may be old, while nobody answers, or while the workspace cannot be read. */
export function Lost(props: {
  connection: IWorkspaceConnection;
  /** What is said of the run anyway. */
  said: ApiError | null;
}): JSX.Element | null {
  const trans = useTranslation();
  const { connection, said } = props;
  useSignal(connection.stateChanged);
  const { error, state } = connection;
  if (state === 'lost') {
    return (
      <p className="jp-mlws-page-lost" role="status">
        <span className="jp-mlws-dot" data-state="lost" />
        {trans.__('The server does not answer; this goes on when it does.')}
      </p>
    );
  }
  return state === 'failed' && error && error.message !== said?.message ? (
    <p className="jp-mlws-page-lost" role="status">
      <span className="jp-mlws-dot" data-state="failed" />
      <span>
        {errorText(error)}{' '}
        {trans.__('This goes on when the workspace can be read.')}
      </span>
    </p>
  ) : null;
}
