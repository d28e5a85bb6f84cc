import * as React from 'react';

import { WarningIcon } from '../components/status';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';

/** What a person should know about the place where the workspace lies. */
export function Warnings(props: {
  sentences: readonly string[];
}): JSX.Element | null {
  const trans = useTranslation();
  return props.sentences.length === 0 ? null : (
    <ul
      className="jp-mlws-warnings"
      role="list"
      aria-label={trans.__('Warnings about this workspace')}
      tabIndex={0}
    >
      {props.sentences.map(sentence => (
        <li key={sentence}>
          <WarningIcon />
          <span>{escapeControls(sentence)}</span>
        </li>
      ))}
    </ul>
  );
}
