import {
  caretDownIcon,
  caretUpIcon,
  searchIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';

import { ILine } from './terminal';
import { escapeControls } from './text';
import { useTranslation } from './translation';

/** Height of a line in pixels, as style/page.css has it. */
const LINE = 18;
const OVERSCAN = 20;
const MAX_FOUND = 10000;

/**
 * A long log: only the lines in sight are in the page. It follows what comes until somebody scrolls up, and can be
 * searched.
 */
export function LogView(props: {
  lines: readonly ILine[];
  label: string;
  /** What stands beside the search, such as which log it is. */
  children?: React.ReactNode;
}): JSX.Element {
  const { lines } = props;
  const box = React.useRef<HTMLDivElement>(null);
  const [follows, setFollows] = React.useState(true);
  const [query, setQuery] = React.useState('');
  const search = useSearch(lines, query);
  const view = useWindow(box, lines.length, setFollows);

  React.useLayoutEffect(() => {
    const element = box.current;
    if (element && follows) {
      element.scrollTop = element.scrollHeight;
    }
  }, [lines, follows]);
  const show = (index: number | undefined) => {
    const element = box.current;
    if (element && index !== undefined) {
      setFollows(false);
      element.scrollTop = index * LINE - element.clientHeight / 2;
    }
  };
  const go = (by: number) => show(search.go(by));
  return (
    <div className="jp-mlws-log-view">
      <div className="jp-mlws-log-bar">
        {props.children}
        <SearchField
          query={query}
          search={search}
          onQuery={setQuery}
          onGo={go}
        />
        <Follow follows={follows} onChange={setFollows} />
      </div>
      <div
        ref={box}
        className="jp-mlws-log-lines"
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label={props.label}
        data-lines={lines.length}
      >
        <div style={{ height: lines.length * LINE }}>
          <pre style={{ transform: `translateY(${view.first * LINE}px)` }}>
            {lines.slice(view.first, view.last).map((line, i) => (
              <Line
                key={view.first + i}
                line={line}
                query={query}
                current={view.first + i === search.current}
              />
            ))}
          </pre>
        </div>
      </div>
    </div>
  );
}

function Follow(props: {
  follows: boolean;
  onChange: (follows: boolean) => void;
}): JSX.Element {
  const trans = useTranslation();
  return (
    <label className="jp-mlws-follow">
      <input
        type="checkbox"
        checked={props.follows}
        onChange={event => props.onChange(event.target.checked)}
      />
      {trans.__('Follow')}
    </label>
  );
}

function SearchField(props: {
  query: string;
  search: ISearch;
  onQuery: (query: string) => void;
  onGo: (by: number) => void;
}): JSX.Element {
  const trans = useTranslation();
  const { query, search, onGo } = props;
  const label = trans.__('Search the log');
  return (
    <div className="jp-mlws-log-find">
      <div className="jp-mlws-search">
        <searchIcon.react tag="span" width="14px" height="14px" />
        <input
          type="search"
          value={query}
          placeholder={label}
          aria-label={label}
          onChange={event => props.onQuery(event.target.value)}
          onKeyDown={event => {
            if (event.key === 'Enter') {
              onGo(event.shiftKey ? -1 : 1);
            }
          }}
        />
      </div>
      <span className="jp-mlws-found" role="status">
        {query !== '' &&
          (search.found.length === 0
            ? trans.__('not found')
            : trans.__('%1 of %2', search.position + 1, search.found.length))}
      </span>
      {[-1, 1].map(by => (
        <button
          key={by}
          type="button"
          className="jp-mlws-icon-button"
          disabled={search.found.length === 0}
          title={by < 0 ? trans.__('Previous match') : trans.__('Next match')}
          aria-label={
            by < 0 ? trans.__('Previous match') : trans.__('Next match')
          }
          onClick={() => onGo(by)}
        >
          {by < 0 ? (
            <caretUpIcon.react tag="span" width="14px" height="14px" />
          ) : (
            <caretDownIcon.react tag="span" width="14px" height="14px" />
          )}
        </button>
      ))}
    </div>
  );
}

const Line = React.memo(
  (props: { line: ILine; query: string; current: boolean }): JSX.Element => {
    const { line, query } = props;
    const spans = line.spans ?? [{ text: line.text, look: '' }];
    const hit = query !== '' && contains(line.text, query);
    return (
      <div className={props.current ? 'jp-mlws-log-current' : undefined}>
        {hit
          ? marked(line.text, query)
          : spans.map((span, i) => (
              <span key={i} className={span.look || undefined}>
                {escapeControls(span.text)}
              </span>
            ))}
        {'\n'}
      </div>
    );
  }
);

function contains(text: string, query: string): boolean {
  return text.toLowerCase().includes(query.toLowerCase());
}

/** The text with what was searched for marked in it. */
function marked(text: string, query: string): React.ReactNode[] {
  const parts: React.ReactNode[] = [];
  const low = text.toLowerCase();
  // Lower case may be longer than the text itself; then only the line is shown.
  const step = low.length === text.length ? query.length : 0;
  let at = 0;
  for (let hit = low.indexOf(query.toLowerCase()); hit >= 0 && step > 0;) {
    parts.push(escapeControls(text.slice(at, hit)));
    parts.push(
      <mark key={hit}>{escapeControls(text.slice(hit, hit + step))}</mark>
    );
    at = hit + step;
    hit = low.indexOf(query.toLowerCase(), at);
  }
  parts.push(escapeControls(text.slice(at)));
  return parts;
}

interface ISearch {
  /** Indexes of the lines that match. */
  readonly found: readonly number[];
  readonly position: number;
  /** Index of the line that was gone to. */
  readonly current: number | null;
  /** Go to another match, and give its line. */
  readonly go: (by: number) => number | undefined;
}

function useSearch(lines: readonly ILine[], query: string): ISearch {
  const [at, setAt] = React.useState(-1);
  React.useEffect(() => setAt(-1), [query]);
  const found = React.useMemo(() => findLines(lines, query), [lines, query]);
  const position = found.length === 0 ? -1 : Math.min(at, found.length - 1);
  return {
    found,
    position,
    current: position < 0 ? null : found[position],
    go: by => {
      if (found.length === 0) {
        return undefined;
      }
      const from = position < 0 && by < 0 ? 0 : position;
      const next = (from + by + found.length) % found.length;
      setAt(next);
      return found[next];
    }
  };
}

function findLines(lines: readonly ILine[], query: string): number[] {
  const found: number[] = [];
  if (query === '') {
    return found;
  }
  for (let i = 0; i < lines.length && found.length < MAX_FOUND; i++) {
    if (contains(lines[i].text, query)) {
      found.push(i);
    }
  }
  return found;
}

interface IRange {
  first: number;
  last: number;
}

/** Which lines are in sight; tells whether the end is. */
function useWindow(
  box: React.RefObject<HTMLElement>,
  count: number,
  onEnd: (atEnd: boolean) => void
): IRange {
  const [range, setRange] = React.useState<IRange>({ first: 0, last: 80 });
  React.useLayoutEffect(() => {
    const element = box.current;
    if (!element) {
      return;
    }
    const measure = () => {
      const { scrollTop, clientHeight } = element;
      const first = Math.max(0, Math.floor(scrollTop / LINE) - OVERSCAN);
      const last = Math.ceil((scrollTop + clientHeight) / LINE) + OVERSCAN;
      setRange(old =>
        old.first === first && old.last === last ? old : { first, last }
      );
    };
    let top = element.scrollTop;
    const onScroll = () => {
      const { scrollTop, scrollHeight, clientHeight } = element;
      const atEnd = scrollHeight - scrollTop - clientHeight < LINE;
      // Whoever scrolls up wants to read; growing lines scroll nothing up.
      if (atEnd || scrollTop < top) {
        onEnd(atEnd);
      }
      top = scrollTop;
      measure();
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', onScroll);
    };
  }, [box, count, onEnd]);
  return range;
}
