import { stopIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Run } from '../api';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';
import { canCancel, isOfOthers } from './status';

/** Asks for the end of a run while it goes; one of somebody else says whose it is. */
export function CancelButton(props: {
  run: Run;
  /** Who looks, '' where nobody knows. */
  user: string;
  onCancel: () => void;
}): JSX.Element | null {
  const trans = useTranslation();
  const { run, user, onCancel } = props;
  if (!canCancel(run)) {
    return null;
  }
  const refusal = isOfOthers(run, user)
    ? trans.__(
        'Run %1 is of %2, who can cancel it.',
        run.number,
        escapeControls(run.user)
      )
    : '';
  return (
    <button
      type="button"
      className="jp-mlws-cancel"
      title={refusal || trans.__('Cancel run %1', run.number)}
      aria-description={refusal || undefined}
      aria-disabled={refusal !== '' || undefined}
      onClick={refusal === '' ? onCancel : undefined}
    >
      <stopIcon.react tag="span" width="14px" height="14px" />
      {trans.__('Cancel')}
    </button>
  );
}
