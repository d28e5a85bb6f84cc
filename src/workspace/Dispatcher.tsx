import * as React from 'react';

import { ApiError } from '../api';
import { WorkspaceInfo } from '../api/types';
import { Button, Notice } from '../components/empty';
import { errorText } from '../components/failure';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';

/** So long it is told that the dispatcher is back. */
const TOLD_MS = 8000;

export interface IDispatcherProps {
  info: WorkspaceInfo;
  /** Start the dispatcher and wait until it lives. */
  onWake: () => Promise<void>;
}

/** Why nothing starts: the last words of a dispatcher that failed, what to do, and a button for when it is done. */
export function Dispatcher(props: IDispatcherProps): JSX.Element | null {
  const trans = useTranslation();
  const { active_count, dispatcher } = props.info;
  const { answer, wake } = useWake(props.onWake);
  // While another one comes up, what the one before said still stands.
  const words = React.useRef('');
  words.current = dispatcher.message || words.current;
  if (dispatcher.alive) {
    return answer === 'started' ? (
      <Notice kind="info">
        {trans.__('The dispatcher is running; what waited starts now.')}
      </Notice>
    ) : null;
  }
  const failed = dispatcher.message !== '' || answer instanceof ApiError;
  if (answer !== 'trying' && !(failed && active_count > 0)) {
    return null;
  }
  const wayOut = trans.__(
    'The dispatcher did not start, so queued runs wait. Nothing is lost: mend the cause (mlws doctor names it), and they start.'
  );
  return (
    <Notice kind="error">
      <div className="jp-mlws-notice-body">
        <p>{answer instanceof ApiError ? errorText(answer) : wayOut}</p>
        {words.current !== '' && <LastWords text={words.current} />}
      </div>
      <Button onClick={wake} busy={answer === 'trying'}>
        {answer === 'trying' ? trans.__('Trying…') : trans.__('Try again')}
      </Button>
    </Notice>
  );
}

function LastWords(props: { text: string }): JSX.Element {
  const trans = useTranslation();
  return (
    <pre
      className="jp-mlws-last-words"
      role="group"
      aria-label={trans.__('Last words of the dispatcher')}
      tabIndex={0}
    >
      {props.text.split('\n').map(escapeControls).join('\n')}
    </pre>
  );
}

type Answer = 'trying' | 'started' | ApiError | null;

/** Wakes the dispatcher, one attempt at a time, and keeps what came of the last. */
function useWake(onWake: () => Promise<void>): {
  answer: Answer;
  wake: () => void;
} {
  const [answer, setAnswer] = React.useState<Answer>(null);
  React.useEffect(() => {
    if (answer !== 'started') {
      return;
    }
    const timer = setTimeout(() => setAnswer(null), TOLD_MS);
    return () => clearTimeout(timer);
  }, [answer]);
  const wake = async () => {
    setAnswer('trying');
    try {
      await onWake();
      setAnswer('started');
    } catch (error) {
      setAnswer(error instanceof ApiError ? error : null);
      if (!(error instanceof ApiError)) {
        throw error;
      }
    }
  };
  return { answer, wake: () => void wake() };
}
