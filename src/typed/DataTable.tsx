import * as React from 'react';

import { formatTick } from '../components/format';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';
import { ROWS } from './model';
import { ITable } from './reading';

/** Columns that are in the page at a time; rows are ROWS. */
const COLUMNS = 40;
const MAX_CHARACTERS = 300;

export interface IDataTableProps {
  table: ITable;
  /** What the table shows, in words. */
  label: string;
  /** Number of the first row as people count, where not all rows are here. */
  first?: number;
}

/**
 * Cells of which all rows given are drawn: whoever has many gives a page of them.
 */
export function DataTable(props: IDataTableProps): JSX.Element {
  const trans = useTranslation();
  const { table, label, first = 0 } = props;
  const columns = table.columns.slice(0, COLUMNS);
  const left = table.columns.length - columns.length;
  const rows = Array.from({ length: table.rowCount }, (_, i) => i);
  return (
    <>
      <div
        className="jp-mlws-table"
        tabIndex={0}
        role="group"
        aria-label={label}
      >
        <table>
          <thead>
            <tr>
              <td />
              {columns.map((name, i) => (
                <th
                  key={name}
                  scope="col"
                  className={classOf(table.cells[i].find(isSaid))}
                  title={escapeControls(name)}
                >
                  {escapeControls(name)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(row => (
              <tr key={first + row}>
                <th scope="row">{first + row}</th>
                {columns.map((name, i) => (
                  <Cell key={name} value={table.cells[i][row]} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {left > 0 && (
        <p className="jp-mlws-hint">
          {trans._n('One more column.', '%1 more columns.', left)}
        </p>
      )}
    </>
  );
}

function Cell(props: { value: unknown }): JSX.Element {
  const { value } = props;
  const text = cellText(value);
  const exact = typeof value === 'number' ? String(value) : text;
  return (
    <td className={classOf(value)} title={exact === text ? undefined : exact}>
      {text}
    </td>
  );
}

function isSaid(value: unknown): boolean {
  return value !== null && value !== undefined;
}

const NAMES: ReadonlySet<unknown> = new Set(['NaN', 'Infinity', '-Infinity']);

/** Numbers stand at the end of their column, and so does its title. */
function classOf(value: unknown): string | undefined {
  return typeof value === 'number' || NAMES.has(value)
    ? 'jp-mod-number'
    : undefined;
}

/** A cell as text: what was not there is empty, what is nested is JSON. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) {
    return '';
  }
  if (typeof value === 'number') {
    return formatTick(value);
  }
  const text = typeof value === 'object' ? JSON.stringify(value) : `${value}`;
  const shown = escapeControls(text.slice(0, MAX_CHARACTERS));
  return text.length > MAX_CHARACTERS ? `${shown}…` : shown;
}

/** Part of a table, by its rows. */
export function sliceTable(
  table: ITable,
  first: number,
  count: number
): ITable {
  return {
    columns: table.columns,
    cells: table.cells.map(column => column.slice(first, first + count)),
    rowCount: Math.max(0, Math.min(count, table.rowCount - first))
  };
}

/** A whole table, drawn page by page. */
export function PagedTable(props: {
  table: ITable;
  label: string;
}): JSX.Element {
  const { table, label } = props;
  const [chosen, setFirst] = React.useState(0);
  // A table that has become shorter still shows its end.
  const first = Math.max(0, Math.min(chosen, table.rowCount - ROWS));
  return (
    <>
      <DataTable
        table={sliceTable(table, first, ROWS)}
        label={label}
        first={first}
      />
      <Pager
        first={first}
        size={ROWS}
        count={table.rowCount}
        onShow={setFirst}
      />
    </>
  );
}

/**
 * Buttons that go through pages of rows, of which the last one is full as well; nothing where one page holds all.
 */
export function Pager(props: {
  first: number;
  size: number;
  count: number;
  onShow: (first: number) => void;
}): JSX.Element | null {
  const trans = useTranslation();
  const { first, size, count, onShow } = props;
  if (count <= size) {
    return null;
  }
  const last = count - size;
  const end = Math.min(first + size, count) - 1;
  const shown =
    size === 1
      ? trans.__('%1 of %2', format(first + 1), format(count))
      : trans.__('%1–%2 of %3', format(first), format(end), format(count));
  const steps: [string, string, number, boolean][] = [
    ['«', trans.__('First'), 0, first > 0],
    ['‹', trans.__('Previous'), first - size, first > 0],
    ['›', trans.__('Next'), Math.min(last, first + size), first < last],
    ['»', trans.__('Last'), last, first < last]
  ];
  return (
    <div
      className="jp-mlws-pager"
      role="group"
      aria-label={size === 1 ? trans.__('Values') : trans.__('Pages')}
    >
      {steps.slice(0, 2).map(step => (
        <Step key={step[0]} step={step} onShow={onShow} />
      ))}
      <span aria-live="polite">{shown}</span>
      {steps.slice(2).map(step => (
        <Step key={step[0]} step={step} onShow={onShow} />
      ))}
    </div>
  );
}

/** A step that leads nowhere keeps its place, and its focus. */
function Step(props: {
  step: [string, string, number, boolean];
  onShow: (first: number) => void;
}): JSX.Element {
  const [sign, title, first, possible] = props.step;
  return (
    <button
      type="button"
      className="jp-mlws-icon-button"
      title={title}
      aria-label={title}
      aria-disabled={!possible || undefined}
      onClick={possible ? () => props.onShow(Math.max(0, first)) : undefined}
    >
      {sign}
    </button>
  );
}

function format(count: number): string {
  return count.toLocaleString('en');
}
