import { searchIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { ApiError, ManifestEntry, Run } from '../api';
import { Button, Notice } from '../components/empty';
import { escapeControls, Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { IWorkspaceConnection } from '../tokens';
import { changesBetween, IFileChange } from './code';
import { FileDiff } from './FileDiff';
import { FilePreview } from './FilePreview';

/** So many files are listed; the field finds the others. */
const MOST_FILES = 500;

export interface ICodeTabProps {
  connection: IWorkspaceConnection;
  run: Run;
}

/** The other run that the code is compared with. */
interface IOther {
  readonly run: Run;
  readonly files: readonly ManifestEntry[];
}

/** The files that travelled with a run, as they were, and what another run had otherwise. */
export function CodeTab(props: ICodeTabProps): JSX.Element {
  const trans = useTranslation();
  const { connection, run } = props;
  const { files, error } = useManifest(connection, run.snapshot_id);
  const [other, setOther] = React.useState<IOther | null>(null);
  if (run.snapshot_id === null) {
    return (
      <p className="jp-mlws-hint">
        {trans.__('No files travelled with this run.')}
      </p>
    );
  }
  if (error) {
    return <Failure error={error} />;
  }
  if (files === null) {
    return <div aria-busy="true" />;
  }
  return (
    <>
      <Comparing {...props} other={other} onChange={setOther} />
      <Files
        {...props}
        key={other?.run.id ?? ''}
        changes={changesBetween(other?.files ?? null, files)}
        other={other}
      />
    </>
  );
}

function Failure(props: { error: ApiError }): JSX.Element {
  const { message, hint } = props.error;
  return <Notice kind="error">{escapeControls(`${message} ${hint}`)}</Notice>;
}

/** The form that names another run. */
function Comparing(
  props: ICodeTabProps & {
    other: IOther | null;
    onChange: (other: IOther | null) => void;
  }
): JSX.Element {
  const trans = useTranslation();
  const { connection, other, onChange } = props;
  const [wanted, setWanted] = React.useState('');
  const [error, setError] = React.useState<ApiError | null>(null);
  const compare = async () => {
    setError(null);
    try {
      const run = await connection.request('runs.get', { run: wanted.trim() });
      onChange({ run, files: await readFiles(connection, run.snapshot_id) });
    } catch (failure) {
      if (!(failure instanceof ApiError)) {
        throw failure;
      }
      setError(failure);
    }
  };
  return (
    <form
      className="jp-mlws-code-bar"
      onSubmit={event => {
        event.preventDefault();
        if (wanted.trim() !== '') {
          void compare();
        }
      }}
    >
      <label>
        {trans.__('Compare with run')}{' '}
        <input
          className="jp-mlws-number"
          value={wanted}
          placeholder="#"
          onChange={event => setWanted(event.target.value)}
        />
      </label>
      <Button>{trans.__('Compare')}</Button>
      {other && (
        <Button minimal onClick={() => onChange(null)}>
          {trans.__('Show without comparing')}
        </Button>
      )}
      {error && <Failure error={error} />}
    </form>
  );
}

function Files(
  props: ICodeTabProps & {
    changes: readonly IFileChange[];
    other: IOther | null;
  }
): JSX.Element {
  const trans = useTranslation();
  const { run, other, connection } = props;
  const [query, setQuery] = React.useState('');
  const [chosen, setChosen] = React.useState<string | null>(null);
  const found = props.changes.filter(it =>
    it.path.toLowerCase().includes(query.trim().toLowerCase())
  );
  const front: IFileChange | undefined =
    found.find(it => it.path === chosen) ??
    found.find(isTelling(run)) ??
    found[0];
  const load = (snapshot: string | null, path: string) =>
    connection.request('snapshots.download_file', {
      snapshot: snapshot ?? '',
      path
    });
  if (props.changes.length === 0) {
    return (
      <p className="jp-mlws-hint" role="status">
        {other
          ? trans.__(
              'Run %1 had the same files, byte for byte.',
              other.run.number
            )
          : trans.__('The snapshot is empty.')}
      </p>
    );
  }
  return (
    <div className="jp-mlws-file-browser">
      <div className="jp-mlws-file-list">
        <Finder query={query} onQuery={setQuery} />
        <ul className="jp-mlws-files">
          {found.slice(0, MOST_FILES).map(it => (
            <li key={it.path}>
              <button
                type="button"
                className="jp-mlws-file-choice jp-mlws-file-name"
                aria-pressed={it === front}
                onClick={() => setChosen(it.path)}
              >
                <Text value={it.path} />
              </button>
              {other && <ChangeWord change={it} />}
            </li>
          ))}
        </ul>
        {found.length > MOST_FILES && (
          <p className="jp-mlws-hint">
            {trans.__('%1 more files.', found.length - MOST_FILES)}
          </p>
        )}
      </div>
      {front &&
        (other ? (
          <FileDiff
            key={front.path}
            path={front.path}
            before={
              front.before && (() => load(other.run.snapshot_id, front.path))
            }
            after={front.after && (() => load(run.snapshot_id, front.path))}
          />
        ) : (
          <FilePreview
            key={front.path}
            name={front.path}
            size={front.after?.size_bytes ?? 0}
            digest={front.after?.digest ?? ''}
            load={() => load(run.snapshot_id, front.path)}
          />
        ))}
    </div>
  );
}

/** Whether a file is the run's own notebook, which is shown first. */
function isTelling(run: Run): (change: IFileChange) => boolean {
  const document = run.source.document.split('/').pop() ?? '';
  return change => document !== '' && change.path.endsWith(document);
}

function ChangeWord(props: { change: IFileChange }): JSX.Element {
  const trans = useTranslation();
  const { before, after } = props.change;
  return (
    <span className="jp-mlws-file-size">
      {before === null
        ? trans.__('only here')
        : after === null
          ? trans.__('only there')
          : trans.__('differs')}
    </span>
  );
}

function Finder(props: {
  query: string;
  onQuery: (query: string) => void;
}): JSX.Element {
  const trans = useTranslation();
  const label = trans.__('Find a file');
  return (
    <div className="jp-mlws-search">
      <searchIcon.react tag="span" width="14px" height="14px" />
      <input
        type="search"
        value={props.query}
        placeholder={label}
        aria-label={label}
        onChange={event => props.onQuery(event.target.value)}
      />
    </div>
  );
}

async function readFiles(
  connection: IWorkspaceConnection,
  snapshot: string | null
): Promise<readonly ManifestEntry[]> {
  return snapshot === null
    ? []
    : (await connection.request('snapshots.get', { snapshot })).entries;
}

function useManifest(
  connection: IWorkspaceConnection,
  snapshot: string | null
): { files: readonly ManifestEntry[] | null; error: ApiError | null } {
  const [files, setFiles] = React.useState<readonly ManifestEntry[] | null>(
    null
  );
  const [error, setError] = React.useState<ApiError | null>(null);
  React.useEffect(() => {
    let gone = false;
    const read = async () => {
      try {
        const found = await readFiles(connection, snapshot);
        if (!gone) {
          setFiles(found);
        }
      } catch (failure) {
        if (!(failure instanceof ApiError)) {
          throw failure;
        }
        if (!gone) {
          setError(failure);
        }
      }
    };
    void read();
    return () => {
      gone = true;
    };
  }, [connection, snapshot]);
  return { files, error };
}
