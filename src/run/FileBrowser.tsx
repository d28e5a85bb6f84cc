import * as React from 'react';

import { RunFile } from '../api';
import { FileLine } from '../components/FileLine';
import { useTranslation } from '../components/translation';
import { MOST_FILES } from '../runs/fileList';
import { FilePreview } from './FilePreview';
import { shownName, sortFiles } from './files';

export interface IFileBrowserProps {
  files: readonly RunFile[];
  load: (file: RunFile) => Promise<ArrayBuffer>;
  onDownload: (file: RunFile) => void;
}

/** The files of a run, and what the chosen one looks like. */
export function FileBrowser(props: IFileBrowserProps): JSX.Element {
  const trans = useTranslation();
  const { load, onDownload } = props;
  const { outputs, returned, logs } = sortFiles(props.files);
  const all = [...outputs, ...returned, ...logs];
  const [chosen, setChosen] = React.useState<string | null>(null);
  const front = all.find(file => keyOf(file) === chosen) ?? all[0];
  const groups: readonly [string, readonly RunFile[]][] = [
    [trans.__('Files'), outputs],
    [trans.__('Returned'), returned],
    [trans.__('Logs'), logs]
  ];
  if (!front) {
    return (
      <p className="jp-mlws-hint">
        {trans.__(
          'No files yet. What the code writes into its working folder is kept here when the run ends.'
        )}
      </p>
    );
  }
  return (
    <div className="jp-mlws-file-browser">
      <div className="jp-mlws-file-list">
        {groups
          .filter(([, files]) => files.length > 0)
          .map(([title, files]) => (
            <section key={title}>
              <h3 className="jp-mlws-heading">{title}</h3>
              <ul className="jp-mlws-files">
                {files.map(file => (
                  <FileLine
                    key={keyOf(file)}
                    name={shownName(file)}
                    size={file.size_bytes}
                    isChosen={file === front}
                    onChoose={() => setChosen(keyOf(file))}
                    onDownload={() => onDownload(file)}
                  />
                ))}
              </ul>
            </section>
          ))}
        {props.files.length >= MOST_FILES && (
          <p className="jp-mlws-hint">
            {trans.__(
              'Of the files that it left these are the first %1 by name; mlws run files lists all.',
              MOST_FILES
            )}
          </p>
        )}
      </div>
      <FilePreview
        key={keyOf(front)}
        name={front.name}
        size={front.size_bytes}
        digest={front.digest}
        load={() => load(front)}
      />
    </div>
  );
}

function keyOf(file: RunFile): string {
  return `${file.kind} ${file.name}`;
}
