import * as React from 'react';

import { ApiError, TableRows } from '../api';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';
import { DataTable, Pager } from '../typed/DataTable';
import { ROWS } from '../typed/model';
import { Missing } from './Missing';
import { ITableFile } from './reading';

/** A large table of which the page on screen is read, and nothing else. */
export function TablePages(props: {
  name: string;
  table: ITableFile;
  /** Gives rows of it. */
  read: (first: number, limit: number) => Promise<TableRows>;
  fileCount: number;
}): JSX.Element {
  const trans = useTranslation();
  const { table, read, fileCount } = props;
  const [first, setFirst] = React.useState(0);
  const [page, setPage] = React.useState<TableRows | null>(null);
  const [error, setError] = React.useState<ApiError | null>(null);
  const missing = error?.code === 'not_found' ? fileCount : 0;
  React.useEffect(() => {
    let gone = false;
    const take = async () => {
      try {
        const rows = await read(first, ROWS);
        if (!gone) {
          setPage(rows);
          setError(null);
        }
      } catch (reason) {
        if (!(reason instanceof ApiError)) {
          throw reason;
        }
        if (!gone) {
          setError(reason);
        }
      }
    };
    void take();
    return () => {
      gone = true;
    };
  }, [read, first, missing]);
  if (error) {
    return <Missing file={table.file} error={error} />;
  }
  if (page === null) {
    return <div className="jp-mlws-typed-waiting" aria-busy="true" />;
  }
  const cells = page.cells.map(it => (Array.isArray(it) ? it : []));
  return (
    <>
      <DataTable
        table={{
          columns: page.columns.map(it => it.name),
          cells,
          rowCount: cells[0]?.length ?? 0
        }}
        first={page.first}
        label={escapeControls(props.name)}
      />
      <Pager
        first={first}
        size={ROWS}
        count={page.row_count}
        onShow={setFirst}
      />
      <p className="jp-mlws-hint">
        {trans.__('Parquet: %1', escapeControls(table.file))}
      </p>
    </>
  );
}
