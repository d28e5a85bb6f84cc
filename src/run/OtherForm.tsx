import * as React from 'react';

import { Run } from '../api';
import { Button } from '../components/empty';
import { Failure } from '../components/failure';
import { useSignal } from '../components/model';
import { statusText } from '../components/status';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';
import { nameOf } from '../runs/RunRow';
import { OtherRun } from './other';

/** The form that names the other run, with those that are likely meant. */
export function OtherForm(props: { other: OtherRun; run: Run }): JSX.Element {
  const trans = useTranslation();
  const { other, run } = props;
  useSignal(other.changed);
  const chosen = other.run;
  const [wanted, setWanted] = React.useState('');
  React.useEffect(() => {
    void other.propose(run);
  }, [other, run.id]);
  // It may be chosen elsewhere, such as in the list of runs.
  React.useEffect(() => {
    if (chosen) {
      setWanted(String(chosen.number));
    }
  }, [chosen?.id]);
  const choose = (it: string) => {
    setWanted(it);
    void other.choose(it);
  };
  return (
    <form
      className="jp-mlws-code-bar"
      onSubmit={event => {
        event.preventDefault();
        if (wanted.trim() !== '') {
          choose(wanted);
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
      {chosen === null
        ? other.proposed.map(it => (
            <Button
              key={it.id}
              minimal
              title={escapeControls(
                `${nameOf(it)} · ${statusText(trans, it.status)}`
              )}
              onClick={() => choose(String(it.number))}
            >
              #{it.number}
            </Button>
          ))
        : null}
      {chosen && (
        <Button
          minimal
          onClick={() => {
            setWanted('');
            other.clear();
          }}
        >
          {trans.__('Show without comparing')}
        </Button>
      )}
      {other.error && <Failure error={other.error} />}
    </form>
  );
}
