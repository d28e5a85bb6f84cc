import * as React from 'react';

import { ApiError } from '../api';
import { Notice } from './empty';
import { escapeControls } from './text';

/** What went wrong and the way out, as a page shows it. */
export function errorText(error: ApiError): string {
  return escapeControls(error.sentences);
}

/** An error where it happened. */
export function Failure(props: { error: ApiError }): JSX.Element {
  return <Notice kind="error">{errorText(props.error)}</Notice>;
}
