import * as React from 'react';

import { ApiError } from '../api';
import { Failure } from '../components/failure';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';
import { Result } from '../runs/Results';
import { DataTable } from '../typed/DataTable';
import { IShownCell } from './notebook';
import { isWorthFetching, Preview, previewOf } from './preview';

export interface IFilePreviewProps {
  name: string;
  size: number;
  /** Changes with the bytes. */
  digest: string;
  /** @throws ApiError */
  load: () => Promise<ArrayBuffer>;
}

/** What a file looks like. Nothing of what is in it runs. */
export function FilePreview(props: IFilePreviewProps): JSX.Element {
  const trans = useTranslation();
  const { name, size, digest, load } = props;
  const fetches = isWorthFetching(name, size);
  const [state, setState] = React.useState<ILoaded | null>(null);
  React.useEffect(() => {
    let gone = false;
    setState(null);
    if (fetches) {
      void read(name, load).then(loaded => {
        if (!gone) {
          setState(loaded);
        }
      });
    }
    return () => {
      gone = true;
    };
  }, [name, digest, fetches]);
  if (!fetches) {
    return <NoPreview />;
  }
  if (state === null) {
    return <div className="jp-mlws-preview" aria-busy="true" />;
  }
  if (state.error) {
    return <Failure error={state.error} />;
  }
  return (
    <div
      className="jp-mlws-preview"
      data-kind={state.preview.kind}
      role="group"
      aria-label={trans.__('Preview of %1', escapeControls(name))}
    >
      <Shown {...props} preview={state.preview} bytes={state.bytes} />
    </div>
  );
}

interface ILoaded {
  preview: Preview;
  bytes: ArrayBuffer;
  error: ApiError | null;
}

async function read(
  name: string,
  load: () => Promise<ArrayBuffer>
): Promise<ILoaded> {
  try {
    const bytes = await load();
    return { preview: previewOf(name, bytes), bytes, error: null };
  } catch (error) {
    if (!(error instanceof ApiError)) {
      throw error;
    }
    const bytes = new ArrayBuffer(0);
    return { preview: { kind: 'none' }, bytes, error };
  }
}

function NoPreview(): JSX.Element {
  const trans = useTranslation();
  return (
    <p className="jp-mlws-hint">
      {trans.__('This file is not shown here. Download it to open it.')}
    </p>
  );
}

function Shown(props: {
  name: string;
  preview: Preview;
  bytes: ArrayBuffer;
}): JSX.Element {
  const trans = useTranslation();
  const { preview } = props;
  const name = escapeControls(props.name);
  switch (preview.kind) {
    case 'image':
      return <Image {...props} type={preview.type} />;
    case 'table':
      return (
        <>
          <DataTable table={preview.table} label={trans.__('Table %1', name)} />
          {preview.isCut && (
            <p className="jp-mlws-hint">
              {trans.__('The first %1 rows.', preview.table.rowCount)}
            </p>
          )}
        </>
      );
    case 'notebook':
      return <Notebook cells={preview.cells} />;
    case 'html':
      return (
        <iframe
          className="jp-mlws-preview-frame"
          title={trans.__('%1, without its scripts', name)}
          sandbox=""
          referrerPolicy="no-referrer"
          srcDoc={preview.document}
        />
      );
    case 'text':
      return (
        <>
          <pre className="jp-mlws-code" tabIndex={0} aria-label={name}>
            {escapeControls(preview.text)}
          </pre>
          {preview.isCut && (
            <p className="jp-mlws-hint">
              {trans.__('Only the beginning is shown. Download it to see all.')}
            </p>
          )}
        </>
      );
    default:
      return <NoPreview />;
  }
}

function Image(props: {
  name: string;
  bytes: ArrayBuffer;
  type: string;
}): JSX.Element {
  const trans = useTranslation();
  const { bytes, type } = props;
  const [url, setUrl] = React.useState('');
  React.useEffect(() => {
    const made = URL.createObjectURL(new Blob([bytes], { type }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes, type]);
  const alt = trans.__('Image %1', escapeControls(props.name));
  return <>{url !== '' && <img src={url} alt={alt} />}</>;
}

function Notebook(props: { cells: readonly IShownCell[] }): JSX.Element {
  const trans = useTranslation();
  return (
    <div className="jp-mlws-notebook">
      {props.cells.map((cell, i) => (
        <div key={i} className="jp-mlws-notebook-cell" data-kind={cell.kind}>
          <pre
            className={cell.kind === 'code' ? 'jp-mlws-code' : undefined}
            tabIndex={0}
            aria-label={trans.__('Cell %1', i + 1)}
          >
            {escapeControls(cell.source)}
          </pre>
          {cell.outputs.length > 0 && (
            <div className="jp-mlws-results">
              {cell.outputs.map((output, k) => (
                <Result key={k} output={output} number={k + 1} />
              ))}
            </div>
          )}
        </div>
      ))}
    </div>
  );
}
