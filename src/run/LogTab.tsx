import { HTMLSelect } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Run, RunFile } from '../api';
import { Button } from '../components/empty';
import { Failure } from '../components/failure';
import { formatBytes } from '../components/format';
import { LogView } from '../components/LogView';
import { useSignal } from '../components/model';
import { useTranslation } from '../components/translation';
import { hasEnded } from '../runs/status';
import { IWorkspaceConnection } from '../tokens';
import { LongLog } from './longLog';

/** Logs that a run may have, as the server names them. */
const LOGS = ['std.log', 'environment.log', 'agent.log'];

export interface ILogTabProps {
  connection: IWorkspaceConnection;
  run: Run;
  files: readonly RunFile[];
  onDownload: (file: RunFile) => void;
}

/** A log of the run to read in, to search, and to follow. */
export function LogTab(props: ILogTabProps): JSX.Element {
  const trans = useTranslation();
  const { connection, run } = props;
  const [name, setName] = React.useState(LOGS[0]);
  const [log, setLog] = React.useState<LongLog | null>(null);
  React.useEffect(() => {
    const made = new LongLog(connection, run.id, name);
    setLog(made);
    return () => made.dispose();
  }, [connection, run.id, name]);
  const words: Readonly<Record<string, string>> = {
    'std.log': trans.__('Output of the run'),
    'environment.log': trans.__('Building of its environment'),
    'agent.log': trans.__('Its agent')
  };
  const chooser = (
    <HTMLSelect
      aria-label={trans.__('Which log')}
      value={name}
      onChange={event => setName(event.target.value)}
    >
      {LOGS.map(it => (
        <option key={it} value={it}>
          {words[it]}
        </option>
      ))}
    </HTMLSelect>
  );
  return log ? (
    <Shown key={name} {...props} log={log} chooser={chooser} />
  ) : (
    <div aria-busy="true" />
  );
}

function Shown(
  props: ILogTabProps & { log: LongLog; chooser: JSX.Element }
): JSX.Element {
  const trans = useTranslation();
  const { log, run, files } = props;
  useSignal(log.changed);
  const whole = files.find(it => it.kind === 'log' && it.name === log.name);
  const isEmpty = log.isLoaded && log.lines.every(line => line.text === '');
  return (
    <div className="jp-mlws-logs">
      {log.error && <Failure error={log.error} />}
      {log.earlier > 0 && (
        <p className="jp-mlws-hint">
          {trans.__('%1 of earlier output.', formatBytes(log.earlier))}{' '}
          {log.canReadEarlier && (
            <Button minimal onClick={() => void log.readEarlier()}>
              {trans.__('Show more of it')}
            </Button>
          )}
        </p>
      )}
      <LogView lines={log.lines} label={trans.__('Log %1', log.name)}>
        {props.chooser}
        {whole && (
          <Button minimal onClick={() => props.onDownload(whole)}>
            {trans.__('Download')}
          </Button>
        )}
      </LogView>
      {isEmpty && (
        <p className="jp-mlws-hint">
          {hasEnded(run)
            ? trans.__('This log is empty.')
            : trans.__('Nothing yet.')}
        </p>
      )}
    </div>
  );
}
