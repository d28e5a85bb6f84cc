import * as React from 'react';

import { ApiError } from '../api';
import { Notice } from '../components/empty';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';

/** Why a file is not shown: it is not stored yet, or something is wrong. */
export function Missing(props: { file: string; error: ApiError }): JSX.Element {
  const trans = useTranslation();
  const { file, error } = props;
  return error.code === 'not_found' ? (
    <p className="jp-mlws-hint">
      {trans.__('The file %1 is not stored yet.', escapeControls(file))}
    </p>
  ) : (
    <Notice kind="error">
      {escapeControls(error.message)} {escapeControls(error.hint)}
    </Notice>
  );
}
