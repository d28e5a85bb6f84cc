import { addIcon, closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Failure } from '../components/failure';
import { useSignal } from '../components/model';
import { escapeControls, Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { readTag, RunEdits } from './edits';

/** The tags of a run: each with a button that takes it away, and a field for another one. */
export function TagEditor(props: { edits: RunEdits }): JSX.Element {
  const trans = useTranslation();
  const { edits } = props;
  useSignal(edits.changed);
  const tags = Object.entries(edits.tags).sort(([a], [b]) => (a < b ? -1 : 1));
  const field = React.useRef<HTMLInputElement>(null);
  return (
    <section>
      <h4 className="jp-mlws-heading">{trans.__('Tags')}</h4>
      <ul className="jp-mlws-tags">
        {tags.map(([name, value]) => (
          <li key={name}>
            <Text value={value === '' ? name : `${name}: ${value}`} />
            <Remove
              name={name}
              onRemove={() => {
                void edits.setTag(name, null);
                field.current?.focus();
              }}
            />
          </li>
        ))}
      </ul>
      <NewTag edits={edits} field={field} />
      {edits.refused === 'tag' && edits.error && (
        <Failure error={edits.error} />
      )}
    </section>
  );
}

function Remove(props: { name: string; onRemove: () => void }): JSX.Element {
  const trans = useTranslation();
  const label = trans.__('Remove tag %1', escapeControls(props.name));
  return (
    <button
      type="button"
      className="jp-mlws-tag-remove"
      title={label}
      aria-label={label}
      onClick={props.onRemove}
    >
      <closeIcon.react tag="span" width="12px" height="12px" />
    </button>
  );
}

function NewTag(props: {
  edits: RunEdits;
  field: React.RefObject<HTMLInputElement>;
}): JSX.Element {
  const trans = useTranslation();
  const { edits, field } = props;
  const [text, setText] = React.useState('');
  const tag = readTag(text);
  const add = async () => {
    if (tag !== null) {
      setText('');
      if (!(await edits.setTag(tag[0], tag[1]))) {
        // Nobody types a refused one twice.
        setText(typed => typed || text);
      }
    }
  };
  return (
    <form
      className="jp-mlws-tag-new"
      onSubmit={event => {
        event.preventDefault();
        void add();
      }}
    >
      <input
        ref={field}
        value={text}
        placeholder={trans.__('Add a tag')}
        title={trans.__('As best, or with a value: stage: test')}
        aria-label={trans.__('New tag, as name or name: value')}
        onChange={event => setText(event.target.value)}
        onKeyDown={event => {
          if (event.key === 'Escape' && text !== '') {
            event.stopPropagation();
            setText('');
          }
        }}
      />
      <button
        type="submit"
        className="jp-mlws-icon-button"
        disabled={tag === null}
        title={trans.__('Add the tag')}
        aria-label={trans.__('Add the tag')}
      >
        <addIcon.react tag="span" width="16px" height="16px" />
      </button>
    </form>
  );
}
