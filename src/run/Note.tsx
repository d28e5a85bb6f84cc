import * as React from 'react';

import { Button, Notice } from '../components/empty';
import { Failure } from '../components/failure';
import { useSignal } from '../components/model';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';
import { RunEdits } from './edits';

/** The note of a run, to be written in place: it is kept when the field is left. */
export function Note(props: { edits: RunEdits }): JSX.Element {
  const trans = useTranslation();
  const { edits } = props;
  useSignal(edits.changed);
  const field = React.useRef<HTMLTextAreaElement>(null);
  useHeightOfText(field, edits.note);
  const { theirs } = edits;
  return (
    <section className="jp-mlws-note">
      <h4 className="jp-mlws-heading">{trans.__('Note')}</h4>
      <textarea
        ref={field}
        rows={1}
        value={edits.note}
        placeholder={trans.__('Add a note')}
        aria-label={trans.__('Note')}
        spellCheck={true}
        onChange={event => edits.typeNote(event.target.value)}
        onBlur={() => void edits.saveNote()}
        onKeyDown={event => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            event.stopPropagation();
            void edits.saveNote();
          } else if (event.key === 'Escape' && edits.isTyped) {
            event.stopPropagation();
            edits.dropNote();
          }
        }}
      />
      {theirs !== null && (
        <Notice kind="warning">
          <p>{trans.__('Somebody else has written meanwhile:')}</p>
          <p className="jp-mlws-description">{escapeControls(theirs)}</p>
          <Button minimal onClick={() => edits.dropNote()}>
            {trans.__('Take theirs')}
          </Button>
        </Notice>
      )}
      {edits.refused === 'note' && edits.error && (
        <Failure error={edits.error} />
      )}
      <p className="jp-mlws-hint" role="status">
        {stateOf(trans, edits)}
      </p>
    </section>
  );
}

function stateOf(
  trans: ReturnType<typeof useTranslation>,
  edits: RunEdits
): string {
  if (!edits.isTyped) {
    return '';
  }
  if (edits.waits) {
    return trans.__(
      'Kept here, and sent when the workspace can be reached again.'
    );
  }
  return edits.isSaving
    ? trans.__('Saving…')
    : trans.__('Kept when you leave the field. Escape takes it back.');
}

/** The field is as high as its text, so that nothing scrolls inside it. */
function useHeightOfText(
  field: React.RefObject<HTMLTextAreaElement>,
  text: string
): void {
  React.useLayoutEffect(() => {
    const element = field.current;
    if (element) {
      element.style.height = 'auto';
      element.style.height = `${element.scrollHeight + 2}px`;
    }
  }, [field, text]);
}
