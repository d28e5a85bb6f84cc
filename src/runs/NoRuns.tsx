import * as React from 'react';

import { Button, Empty } from '../components/empty';
import { useSignal } from '../components/model';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';
import { IWorkspaceConnection } from '../tokens';
import { RunListModel } from './model';

const RECIPE = `%load_ext jupyter_mlws

%%submit
model.fit(X, y)
mlws.log(accuracy=…)`;

export interface INoRunsProps {
  connection: IWorkspaceConnection;
  runs: RunListModel;
  onOpenExample: () => void;
}

/** Why the list is empty, and the way on. */
export function NoRuns(props: INoRunsProps): JSX.Element {
  const trans = useTranslation();
  const { connection, runs } = props;
  useSignal(connection.stateChanged);
  if (runs.error) {
    return (
      <Empty title={runs.error.message}>
        <p>{runs.error.hint}</p>
        <Button onClick={() => runs.refresh()}>{trans.__('Try again')}</Button>
      </Empty>
    );
  }
  if (!runs.isLoaded || runs.isSearching) {
    return <div className="jp-mlws-empty" aria-busy="true" />;
  }
  if (runs.queryError) {
    return <div className="jp-mlws-empty" />;
  }
  if (runs.search !== '') {
    return (
      <Empty
        title={trans.__('No run matches “%1”.', escapeControls(runs.search))}
      >
        <p>
          {trans.__(
            'The search looks at number (#12), experiment, name, tags, parameters and status (failed, running, completed …); conditions such as metrics.acc > 0.9 and params.lr = 0.1 work, too.'
          )}
        </p>
        <Button onClick={() => (runs.search = '')}>
          {trans.__('Clear the search')}
        </Button>
      </Empty>
    );
  }
  const count = connection.info?.run_count ?? 0;
  if (count > 0 && runs.scope === 'document' && runs.hasDocument) {
    return (
      <Empty title={trans.__('No runs of this notebook yet')}>
        <Recipe />
        <Button onClick={() => (runs.scope = 'all')}>
          {trans._n('Show the one run', 'Show all %1 runs', count)}
        </Button>
      </Empty>
    );
  }
  return (
    <Empty title={trans.__('No runs yet')}>
      <Recipe />
      <Button onClick={props.onOpenExample}>
        {trans.__('Open an example notebook')}
      </Button>
    </Empty>
  );
}

function Recipe(): JSX.Element {
  const trans = useTranslation();
  return (
    <>
      <p>
        {trans.__(
          'Load the extension once, then put %%%%submit on top of a cell: it runs as a job, and you go on working.'
        )}
      </p>
      <pre className="jp-mlws-recipe">{RECIPE}</pre>
    </>
  );
}
