import * as React from 'react';

import { ApiError } from '../api';
import { Failure } from '../components/failure';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';
import { diffLines, IDiffLine, IGap } from './lineDiff';
import { textOf } from './preview';

type Load = () => Promise<ArrayBuffer>;

/** How a file is to be compared, or why it is not. */
type Compared =
  | { readonly kind: 'lines'; readonly lines: readonly (IDiffLine | IGap)[] }
  | { readonly kind: 'binary' | 'much' }
  | { readonly kind: 'failed'; readonly error: ApiError };

/** The lines in which a file differs from what it was elsewhere; null for where it is not. */
export function FileDiff(props: {
  path: string;
  before: Load | null;
  after: Load | null;
}): JSX.Element {
  const trans = useTranslation();
  const { path, before, after } = props;
  const [compared, setCompared] = React.useState<Compared | null>(null);
  React.useEffect(() => {
    let gone = false;
    void compare(before, after).then(found => {
      if (!gone) {
        setCompared(found);
      }
    });
    return () => {
      gone = true;
    };
  }, [path]);
  switch (compared?.kind) {
    case undefined:
      return <div aria-busy="true" />;
    case 'failed':
      return <Failure error={compared.error} />;
    case 'lines':
      return <Lines path={path} lines={compared.lines} />;
    default:
      return (
        <p className="jp-mlws-hint">
          {compared?.kind === 'binary'
            ? trans.__('The file differs; it is not text.')
            : trans.__('The file differs in too many lines to show them.')}
        </p>
      );
  }
}

async function compare(
  before: Load | null,
  after: Load | null
): Promise<Compared> {
  try {
    const [old, now] = await Promise.all(
      [before, after].map(async load => (load ? textOf(await load()) : ''))
    );
    if (old === null || now === null) {
      return { kind: 'binary' };
    }
    const lines = diffLines(old, now);
    return lines ? { kind: 'lines', lines } : { kind: 'much' };
  } catch (error) {
    if (!(error instanceof ApiError)) {
      throw error;
    }
    return { kind: 'failed', error };
  }
}

const SIGNS = { same: ' ', old: '−', new: '+' } as const;

function Lines(props: {
  path: string;
  lines: readonly (IDiffLine | IGap)[];
}): JSX.Element {
  const trans = useTranslation();
  const label = trans.__('Differences of %1', escapeControls(props.path));
  return (
    <pre
      className="jp-mlws-code jp-mlws-diff"
      tabIndex={0}
      role="group"
      aria-label={label}
    >
      {props.lines.map((line, i) => (
        <div key={i} data-kind={line.kind}>
          {line.kind === 'gap'
            ? trans._n('… one line', '… %1 lines', line.count)
            : `${SIGNS[line.kind]} ${escapeControls(line.text)}`}
        </div>
      ))}
    </pre>
  );
}
