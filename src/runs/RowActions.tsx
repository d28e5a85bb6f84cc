import { LabIcon, launchIcon, stopIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { pinIcon } from '../components/icons';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';
import { IRow } from './rows';
import { canCancel } from './status';

/** What can be done about a line with one press. The same object for as long as the list is there. */
export interface IRowActions {
  onCancel: (id: string) => void;
  onOpen: (id: string) => void;
  onPin: (id: string, pinned: boolean) => void;
}

/** The buttons of the line that the pointer is on; keys have the context menu and Enter. */
export function RowActions(props: {
  row: IRow;
  actions: IRowActions;
}): JSX.Element {
  const trans = useTranslation();
  const { row, actions } = props;
  const { id, number } = row.run;
  return (
    <span className="jp-mlws-row-actions">
      {canCancel(row.run) && (
        <Action
          icon={stopIcon}
          label={trans.__('Cancel run %1', number)}
          refusal={
            row.author === ''
              ? ''
              : trans.__(
                  'Run %1 is of %2, who can cancel it.',
                  number,
                  escapeControls(row.author)
                )
          }
          onPress={() => actions.onCancel(id)}
        />
      )}
      <Action
        icon={pinIcon}
        label={
          row.pinned
            ? trans.__('Unpin run %1', number)
            : trans.__('Pin run %1 on top', number)
        }
        pressed={row.pinned}
        onPress={() => actions.onPin(id, !row.pinned)}
      />
      <Action
        icon={launchIcon}
        label={trans.__('Open run %1', number)}
        onPress={() => actions.onOpen(id)}
      />
    </span>
  );
}

function Action(props: {
  icon: LabIcon;
  label: string;
  /** Why it cannot be done; '' where it can. */
  refusal?: string;
  pressed?: boolean;
  onPress: () => void;
}): JSX.Element {
  const { label, refusal = '' } = props;
  return (
    <button
      type="button"
      className="jp-mlws-row-action"
      tabIndex={-1}
      title={refusal || label}
      aria-label={label}
      aria-description={refusal || undefined}
      aria-disabled={refusal !== '' || undefined}
      aria-pressed={props.pressed}
      onClick={event => {
        event.stopPropagation();
        if (refusal === '') {
          props.onPress();
        }
      }}
    >
      <props.icon.react tag="span" width="14px" height="14px" />
    </button>
  );
}
