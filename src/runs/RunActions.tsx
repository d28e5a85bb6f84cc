import {
  deleteIcon,
  LabIcon,
  refreshIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';

import { Run } from '../api';
import { useTranslation } from '../components/translation';
import { canCancel, canDelete, canRerun, hasEnded } from './status';

/** What can be done about a run with one press. */
export type RunAction = 'cancel' | 'delete' | 'rerun';

/** Told what is to be done about which run. */
export type OnRunAction = (action: RunAction, run: string) => void;

/** The buttons of a run: to end it while it goes, to repeat or delete it when it has ended. */
export function RunActions(props: {
  run: Run;
  onAction: OnRunAction;
}): JSX.Element {
  const trans = useTranslation();
  const { run } = props;
  const act = (action: RunAction) => () => props.onAction(action, run.id);
  return (
    <div className="jp-mlws-actions">
      {canCancel(run) && (
        <button
          type="button"
          className="jp-mlws-cancel"
          title={trans.__('Cancel run %1', run.number)}
          onClick={act('cancel')}
        >
          <stopIcon.react tag="span" width="14px" height="14px" />
          {trans.__('Cancel')}
        </button>
      )}
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

function IconButton(props: {
  icon: LabIcon;
  label: string;
  onClick: () => void;
}): JSX.Element {
  return (
    <button
      type="button"
      className="jp-mlws-icon-button"
      title={props.label}
      aria-label={props.label}
      onClick={props.onClick}
    >
      <props.icon.react tag="span" width="16px" height="16px" />
    </button>
  );
}
