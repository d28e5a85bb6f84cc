import { deleteIcon, refreshIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Run } from '../api';
import { IconButton } from '../components/IconButton';
import { useTranslation } from '../components/translation';
import { CancelButton } from './CancelButton';
import { canDelete, canRerun, hasEnded } from './status';

/** What can be done about a run with one press. */
export type RunAction = 'cancel' | 'delete' | 'rerun';

/** Told what is to be done about which run. */
export type OnRunAction = (action: RunAction, run: string) => void;

/** The buttons of a run: to end it while it goes, to repeat or delete it when it has ended. */
export function RunActions(props: {
  run: Run;
  /** Who looks, '' where nobody knows. */
  user: string;
  onAction: OnRunAction;
}): JSX.Element {
  const trans = useTranslation();
  const { run, user } = props;
  const act = (action: RunAction) => () => props.onAction(action, run.id);
  return (
    <div className="jp-mlws-actions">
      <CancelButton run={run} user={user} onCancel={act('cancel')} />
      {hasEnded(run) && canRerun(run) && (
        <IconButton
          icon={refreshIcon}
          label={trans.__('Re-run #%1', run.number)}
          onClick={act('rerun')}
        />
      )}
      {canDelete(run) && (
        <IconButton
          icon={deleteIcon}
          label={trans.__('Delete #%1', run.number)}
          onClick={act('delete')}
        />
      )}
    </div>
  );
}
