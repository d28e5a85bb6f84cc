import * as React from 'react';

import { indentJson } from '../components/json';
import { escapeControls, pythonLiteral } from '../components/text';
import { useTranslation } from '../components/translation';
import { Picture } from '../typed/Picture';
import { Load, useFile } from './loading';
import { Missing } from './Missing';
import { IFigure } from './reading';

const PLOTLY = 'application/vnd.plotly.v1+json';
const MAX_CHARACTERS = 20000;
/** A figure as a picture; one of plotly that has none as what it is drawn from. Nothing of it is run. */
export function Figure(props: {
  name: string;
  figure: IFigure;
  load: Load;
  fileCount: number;
}): JSX.Element {
  const trans = useTranslation();
  const { name, figure, load, fileCount } = props;
  const isPlotly = figure.mediaType === PLOTLY;
  const picture = isPlotly ? figure.picture : figure;
  return (
    <>
      {picture && (
        <Picture
          name={name}
          picture={{ ...picture, width: figure.width, height: figure.height }}
          load={load}
          fileCount={fileCount}
        />
      )}
      {isPlotly && (
        <>
          <p className="jp-mlws-hint">
            {trans.__(
              'A figure of plotly. To draw it: plotly.io.from_json(next(run.values(%1)).read().decode())',
              pythonLiteral(name)
            )}
          </p>
          <Source {...props} open={picture === null} />
        </>
      )}
    </>
  );
}

/** What a figure of plotly is drawn from. */
function Source(props: {
  figure: IFigure;
  load: Load;
  fileCount: number;
  open: boolean;
}): JSX.Element {
  const trans = useTranslation();
  const { figure, load, fileCount } = props;
  const [open, setOpen] = React.useState(props.open);
  const { found, error } = useFile(
    open ? figure.file : null,
    load,
    fileCount,
    indented
  );
  return (
    <details
      className="jp-mlws-more"
      open={open}
      onToggle={event => setOpen(event.currentTarget.open)}
    >
      <summary>{trans.__('What it is drawn from')}</summary>
      {error && <Missing file={figure.file} error={error} />}
      {found !== null && (
        <pre className="jp-mlws-typed-json" tabIndex={0}>
          {escapeControls(found)}
        </pre>
      )}
    </details>
  );
}

/** JSON with a line for each of its parts, as much of it as is shown. */
export function indented(bytes: ArrayBuffer): string {
  const end = Math.min(bytes.byteLength, 4 * MAX_CHARACTERS);
  const text = new TextDecoder().decode(new Uint8Array(bytes, 0, end));
  const shown = indentJson(text, MAX_CHARACTERS);
  return shown.length > MAX_CHARACTERS || end < bytes.byteLength
    ? `${shown.slice(0, MAX_CHARACTERS)}…`
    : shown;
}
