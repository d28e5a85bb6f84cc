import * as React from 'react';

import { Button } from '../components/empty';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';

/** So much of a text is drawn before somebody asks for all of it. */
const SHOWN = 5000;

/** A text as it was logged: nothing in it is read as markup. */
export function Prose(props: { name: string; text: string }): JSX.Element {
  const trans = useTranslation();
  const { text } = props;
  const [all, setAll] = React.useState(false);
  const long = text.length > SHOWN;
  const drawn = long && !all ? `${text.slice(0, SHOWN)}…` : text;
  return (
    <>
      <pre
        className="jp-mlws-prose"
        tabIndex={0}
        aria-label={trans.__('Text %1', escapeControls(props.name))}
      >
        {escapeControls(drawn)}
      </pre>
      {long && (
        <Button minimal onClick={() => setAll(!all)}>
          {all
            ? trans.__('Show less')
            : trans.__(
                'Show all %1 characters',
                text.length.toLocaleString('en')
              )}
        </Button>
      )}
    </>
  );
}
