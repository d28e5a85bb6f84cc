import * as React from 'react';

import { plainText } from '../components/ansi';
import { Titled } from '../components/heading';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';
import { IShownOutputs, ShownOutput } from './outputs';

/** What the cell displayed, and its result: pictures and plain text. */
export function Results(props: { outputs: IShownOutputs }): JSX.Element | null {
  const trans = useTranslation();
  const { shown, more } = props.outputs;
  if (shown.length === 0) {
    return null;
  }
  return (
    <Titled className="jp-mlws-results" title={trans.__('Results')}>
      {shown.map((output, i) => (
        <Result key={i} output={output} number={i + 1} />
      ))}
      {more > 0 && (
        <p className="jp-mlws-hint">
          {trans._n('One more output.', '%1 more outputs.', more)}
        </p>
      )}
    </Titled>
  );
}

/** One output: a picture or plain text. */
export function Result(props: {
  output: ShownOutput;
  number: number;
}): JSX.Element {
  const trans = useTranslation();
  const { output, number } = props;
  if (output.kind === 'image') {
    const alt = escapeControls(output.text) || trans.__('Figure %1', number);
    return <img src={output.url} alt={alt} />;
  }
  return (
    <pre tabIndex={0}>
      {escapeControls(plainText(output.text))}
      {output.isCut && '…'}
    </pre>
  );
}
