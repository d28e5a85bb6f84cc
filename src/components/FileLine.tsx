import { downloadIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { formatBytes } from './format';
import { IconButton } from './IconButton';
import { escapeControls, Text } from './text';
import { useTranslation } from './translation';

/** A file in a list: its name, which may be chosen, its size, and the button that fetches it. */
export function FileLine(props: {
  name: string;
  size: number;
  onDownload: () => void;
  /** Whether it is the one that is looked at. */
  isChosen?: boolean;
  onChoose?: () => void;
  /** What else can be done with it. */
  children?: React.ReactNode;
}): JSX.Element {
  const trans = useTranslation();
  const label = trans.__('Download %1', escapeControls(props.name));
  return (
    <li>
      {props.onChoose ? (
        <button
          type="button"
          className="jp-mlws-file-choice jp-mlws-file-name"
          aria-pressed={props.isChosen}
          onClick={props.onChoose}
        >
          <Text value={props.name} />
        </button>
      ) : (
        <Text className="jp-mlws-file-name" value={props.name} />
      )}
      <span className="jp-mlws-file-size">{formatBytes(props.size)}</span>
      {props.children}
      <IconButton
        icon={downloadIcon}
        label={label}
        size={14}
        onClick={props.onDownload}
      />
    </li>
  );
}
