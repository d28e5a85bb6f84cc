import * as React from 'react';

// Controls that reorder, hide or end text (C0, C1, bidi marks, line separators).
const CONTROLS =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

function escapeOne(character: string): string {
  return '\\u' + character.charCodeAt(0).toString(16).padStart(4, '0');
}

/**
 * Foreign text with the controls that could disguise it spelled out.
 */
export function escapeControls(text: string): string {
  return text.replace(CONTROLS, escapeOne);
}

/**
 * Foreign text as a literal of Python, to be shown or put into a cell: no control in it disguises the code around it.
 */
export function pythonLiteral(text: string): string {
  return escapeControls(JSON.stringify(text));
}

/**
 * Foreign text on one line, isolated from the direction of what stands around it.
 */
export function Text(props: {
  value: string;
  className?: string;
}): JSX.Element {
  const shown = escapeControls(props.value);
  return (
    <bdi className={props.className} title={shown}>
      {shown}
    </bdi>
  );
}
