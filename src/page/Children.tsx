import * as React from 'react';

import { ChildrenModel } from '../run/children';
import { ChildTable } from '../run/ChildTable';
import { RunPageModel } from './model';

/** The runs below the page's run, read while the tab is in front. */
export function Children(props: {
  model: RunPageModel;
  onOpen: (run: string) => void;
}): JSX.Element | null {
  const { connection, run } = props.model;
  const [model, setModel] = React.useState<ChildrenModel | null>(null);
  React.useEffect(() => {
    const made = new ChildrenModel(connection, run);
    setModel(made);
    return () => made.dispose();
  }, [connection, run]);
  return model && <ChildTable model={model} onOpen={props.onOpen} />;
}
