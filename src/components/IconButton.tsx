import type { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

/** A button that is only an icon; its name is read, and seen by who points at it. */
export function IconButton(props: {
  icon: LabIcon;
  label: string;
  onClick: () => void;
  /** In pixels. */
  size?: number;
}): JSX.Element {
  const { icon: Icon, label, size = 16 } = props;
  return (
    <button
      type="button"
      className="jp-mlws-icon-button"
      title={label}
      aria-label={label}
      onClick={props.onClick}
    >
      <Icon.react tag="span" width={`${size}px`} height={`${size}px`} />
    </button>
  );
}
