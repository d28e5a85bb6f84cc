import { searchIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { ApiError } from '../api';
import { useSignal } from '../components/model';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';
import { complete, ICompletion, namesOf, withCompletion } from './completion';
import { RunListModel } from './model';

const LIST_ID = 'jp-mlws-search-names';
const ERROR_ID = 'jp-mlws-search-error';
/** Whoever is still typing knows that the condition is not complete. */
const PATIENCE_MS = 500;

/**
 * One box for text to look for and for conditions such as `metrics.acc > 0.9`. Names are completed; what cannot be
 * understood is marked at its word, and the list stays.
 */
export function SearchBox(props: { runs: RunListModel }): JSX.Element {
  const trans = useTranslation();
  const { runs } = props;
  useSignal(runs.changed);
  const input = React.useRef<HTMLInputElement>(null);
  const completion = useCompletion(runs, input);
  const { items, chosen, isOpen } = completion;
  // Whoever chooses a name is not done.
  const error = useLate(isOpen ? null : runs.queryError);
  return (
    <>
      <div className="jp-mlws-searchbox">
        <label className="jp-mlws-search">
          <searchIcon.react tag="span" width="14px" height="14px" />
          <input
            ref={input}
            type="search"
            role="combobox"
            aria-label={trans.__('Search runs')}
            aria-autocomplete="list"
            aria-controls={isOpen ? LIST_ID : undefined}
            aria-expanded={isOpen}
            aria-activedescendant={
              isOpen && chosen >= 0 ? optionId(chosen) : undefined
            }
            aria-invalid={error !== null}
            aria-describedby={error === null ? undefined : ERROR_ID}
            placeholder={trans.__('Search or filter')}
            title={trans.__(
              'Text of number, experiment, name, tags, parameters or status; or a condition such as metrics.acc > 0.9 and params.lr = 0.1'
            )}
            value={runs.search}
            spellCheck={false}
            autoComplete="off"
            onChange={event => {
              runs.search = event.target.value;
              completion.look();
            }}
            onKeyDown={completion.onKeyDown}
            onFocus={completion.learn}
            onBlur={completion.close}
          />
        </label>
        {isOpen && (
          <ul
            className="jp-mlws-search-names"
            id={LIST_ID}
            role="listbox"
            aria-label={trans.__('Names')}
          >
            {items.map((item, i) => (
              <li
                key={item.text}
                id={optionId(i)}
                role="option"
                aria-selected={i === chosen}
                // The box keeps the focus.
                onMouseDown={event => {
                  event.preventDefault();
                  completion.take(item);
                }}
              >
                {escapeControls(item.text.trim())}
              </li>
            ))}
          </ul>
        )}
      </div>
      <div className="jp-mlws-search-status" aria-live="polite">
        {error !== null && <QueryError text={runs.search} error={error} />}
      </div>
    </>
  );
}

function optionId(index: number): string {
  return `${LIST_ID}-${index}`;
}

/** What was typed with the word marked that was not understood, and why it was not. */
function QueryError(props: { text: string; error: ApiError }): JSX.Element {
  const { text, error } = props;
  const place = placeOf(text, error);
  return (
    <div className="jp-mlws-search-error" id={ERROR_ID}>
      {place && (
        <code className="jp-mlws-search-place">
          {escapeControls(place.before)}
          <mark>{escapeControls(place.word) || '\u00a0'}</mark>
          {escapeControls(place.after)}
        </code>
      )}
      <p>{escapeControls(sentenceOf(error))}</p>
    </div>
  );
}

/** The server's sentence without the place, which is marked above it. */
function sentenceOf(error: ApiError): string {
  const [first] = error.message.split('\n');
  return first;
}

const AROUND = 24;

function placeOf(
  text: string,
  { details }: ApiError
): { before: string; word: string; after: string } | null {
  const { position, length } = details;
  if (typeof position !== 'number' || typeof length !== 'number') {
    return null;
  }
  // The server counts characters, the page halves of some of them.
  const letters = Array.from(text);
  if (position < 0 || position > letters.length) {
    return null;
  }
  const from = Math.max(0, position - AROUND);
  const end = position + length;
  const before = letters.slice(from, position).join('');
  const after = letters.slice(end, end + AROUND).join('');
  return {
    before: from > 0 ? `…${before}` : before,
    word: letters.slice(position, end).join(''),
    after: end + AROUND < letters.length ? `${after}…` : after
  };
}

/** An error, when it has stood for a moment; at once when it goes. */
function useLate(error: ApiError | null): ApiError | null {
  const [shown, setShown] = React.useState<ApiError | null>(null);
  React.useEffect(() => {
    if (error === null) {
      setShown(null);
      return;
    }
    const timer = setTimeout(() => setShown(error), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [error]);
  return error === null ? null : shown;
}

interface ICompleting {
  items: readonly ICompletion[];
  chosen: number;
  isOpen: boolean;
  learn: () => void;
  look: () => void;
  close: () => void;
  take: (item: ICompletion) => void;
  onKeyDown: (event: React.KeyboardEvent) => void;
}

/** The names below the box: they come while somebody types, and take nothing from him unless he goes to one. */
function useCompletion(
  runs: RunListModel,
  input: React.RefObject<HTMLInputElement>
): ICompleting {
  const [items, setItems] = React.useState<readonly ICompletion[]>([]);
  const [chosen, setChosen] = React.useState(-1);
  const cursor = React.useRef<number | null>(null);
  const names = React.useRef<readonly string[]>([]);
  React.useLayoutEffect(() => {
    if (cursor.current !== null) {
      input.current?.setSelectionRange(cursor.current, cursor.current);
      cursor.current = null;
    }
  });
  const close = () => setItems([]);
  /** While the list is narrowed to nothing, the names of what was there still hold. */
  const learn = () => {
    if (runs.rows.length > 0) {
      names.current = namesOf(runs.rows.map(row => row.run));
    }
  };
  const look = () => {
    learn();
    const at = input.current?.selectionStart ?? runs.search.length;
    setItems(complete(runs.search, at, names.current));
    setChosen(-1);
  };
  const take = (item: ICompletion) => {
    const done = withCompletion(runs.search, item);
    runs.search = done.text;
    cursor.current = done.cursor;
    close();
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const { key } = event;
    if (key === ' ' && event.ctrlKey) {
      look();
    } else if (items.length === 0) {
      return;
    } else if (key === 'ArrowDown' || key === 'ArrowUp') {
      // Before the first and after the last one nothing is chosen.
      const step = key === 'ArrowDown' ? 1 : -1;
      const count = items.length + 1;
      setChosen(((chosen + 1 + step + count) % count) - 1);
    } else if (key === 'Enter' && chosen >= 0) {
      take(items[chosen]);
    } else if (key === 'Tab' && chosen >= 0) {
      take(items[chosen]);
    } else if (key === 'Escape') {
      close();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return {
    items,
    chosen,
    isOpen: items.length > 0,
    learn,
    look,
    close,
    take,
    onKeyDown
  };
}
