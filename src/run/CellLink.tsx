import * as React from 'react';

import { Run } from '../api';
import { Button } from '../components/empty';
import { Text } from '../components/text';

/** The notebook and the cell that a run was submitted from; a press goes there. */
export function CellLink(props: {
  run: Run;
  /** Without the folder, where there is little room. */
  isShort?: boolean;
  onOpenCell: (run: Run) => void;
}): JSX.Element {
  const { run, isShort, onOpenCell } = props;
  const { document, execution_count } = run.source;
  const name = isShort
    ? document.slice(document.lastIndexOf('/') + 1)
    : document;
  const cell = execution_count === null ? '' : ` [${execution_count}]`;
  return (
    <Button minimal title={document} onClick={() => onOpenCell(run)}>
      <Text value={name + cell} />
    </Button>
  );
}
