import * as React from 'react';

import { Run } from '../api';
import { Finder } from '../components/Finder';
import { Failure } from '../components/failure';
import { useSignal } from '../components/model';
import { Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { IWorkspaceConnection } from '../tokens';
import { changesBetween, IFileChange, useManifest } from './code';
import { FileDiff } from './FileDiff';
import { FilePreview } from './FilePreview';
import { OtherRun } from './other';
import { OtherForm } from './OtherForm';

/** So many files are listed; the field finds the others. */
const MOST_FILES = 500;

export interface ICodeTabProps {
  connection: IWorkspaceConnection;
  run: Run;
  /** The run that it is compared with. */
  other: OtherRun;
}

/** The files that travelled with a run, as they were, and what another run had otherwise. */
export function CodeTab(props: ICodeTabProps): JSX.Element {
  const trans = useTranslation();
  const { connection, run, other } = props;
  useSignal(other.changed);
  const here = useManifest(connection, run.snapshot_id);
  const there = useManifest(connection, other.run?.snapshot_id ?? null);
  const error = here.error ?? there.error;
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
  return (
    <>
      <OtherForm other={other} run={run} />
      {here.files && there.files ? (
        <Files
          {...props}
          key={other.run?.id ?? ''}
          changes={changesBetween(other.run && there.files, here.files)}
          before={other.run}
        />
      ) : (
        <div aria-busy="true" />
      )}
    </>
  );
}

function Files(
  props: ICodeTabProps & {
    changes: readonly IFileChange[];
    /** The other run; null where the files are shown without comparing. */
    before: Run | null;
  }
): JSX.Element {
  const trans = useTranslation();
  const { run, before, connection } = props;
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
        {before
          ? trans.__('Run %1 had the same files, byte for byte.', before.number)
          : trans.__('The snapshot is empty.')}
      </p>
    );
  }
  return (
    <div className="jp-mlws-file-browser">
      <div className="jp-mlws-file-list">
        <Finder
          label={trans.__('Find a file')}
          query={query}
          onQuery={setQuery}
        />
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
              {before && <ChangeWord change={it} />}
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
        (before ? (
          <FileDiff
            key={front.path}
            path={front.path}
            before={
              front.before && (() => load(before.snapshot_id, front.path))
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
