import * as React from 'react';

import { Run } from '../api';
import { Titled } from '../components/heading';
import { useTranslation } from '../components/translation';
import { IWorkspaceConnection } from '../tokens';
import { ChildrenModel } from './children';
import { ChildTable } from './ChildTable';

/** So many children have room at once where other things stand around them. */
const MOST_ROWS = 8;
const ROW_PX = 27;

/** The runs below a run, read while they are here. */
export function Below(props: {
  connection: IWorkspaceConnection;
  /** Id of the run whose children are shown. */
  run: string;
  /** Whether changes are followed; by default they are. */
  isActive?: boolean;
  /** What they are read anew for when it changes. */
  stamp?: string;
  onOpen: (run: string) => void;
}): JSX.Element | null {
  const { connection, run, isActive = true, stamp, onOpen } = props;
  const [model, setModel] = React.useState<ChildrenModel | null>(null);
  React.useEffect(() => {
    const made = new ChildrenModel(connection, run);
    setModel(made);
    return () => made.dispose();
  }, [connection, run]);
  const seen = React.useRef(stamp);
  React.useEffect(() => {
    if (model) {
      model.isActive = isActive;
      if (seen.current !== stamp) {
        seen.current = stamp;
        model.refresh();
      }
    }
  }, [model, isActive, stamp]);
  return model && <ChildTable model={model} onOpen={onOpen} />;
}

/** What came of the runs below a run, among other things that are known of it; nothing where it has none. */
export function ChildrenPart(props: {
  connection: IWorkspaceConnection;
  run: Run;
  isActive?: boolean;
  /** Of its heading. */
  level?: 3 | 4;
  onOpen: (run: string) => void;
}): JSX.Element | null {
  const trans = useTranslation();
  const { run, level, ...others } = props;
  const { child_count, children_ended, status } = run;
  // They have their room before they are read: nothing jumps.
  const height = (Math.min(child_count, MOST_ROWS) + 1) * ROW_PX;
  return child_count === 0 ? null : (
    <Titled
      className="jp-mlws-children-part"
      level={level}
      title={trans.__('Children')}
    >
      <div style={{ minHeight: height }}>
        <Below
          {...others}
          run={run.id}
          stamp={`${status} ${children_ended} ${child_count}`}
        />
      </div>
    </Titled>
  );
}
