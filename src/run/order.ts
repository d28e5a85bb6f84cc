import { Run, toNumber } from '../api';
import { secondsOf } from '../runs/status';

/** A column by which runs are ordered. */
export type Column =
  | { readonly kind: 'number' | 'status' | 'duration' }
  | { readonly kind: 'param' | 'metric'; readonly name: string };

export interface IOrder {
  readonly column: Column;
  readonly isDescending: boolean;
}

export const BY_NUMBER: IOrder = {
  column: { kind: 'number' },
  isDescending: false
};

export function isSameColumn(a: Column, b: Column): boolean {
  return a.kind === b.kind && nameOf(a) === nameOf(b);
}

/** The order after another press on a column: rising, falling, then that of the runs' numbers. */
export function pressed(order: IOrder, column: Column): IOrder {
  if (!isSameColumn(order.column, column)) {
    return { column, isDescending: false };
  }
  if (!order.isDescending) {
    return { column, isDescending: true };
  }
  return column.kind === 'number' ? { column, isDescending: false } : BY_NUMBER;
}

/** The runs in an order. Those without a value come last either way; among equals the number decides. */
export function sorted(
  runs: readonly Run[],
  { column, isDescending }: IOrder,
  now: number
): Run[] {
  const valueOf = readerOf(column, now);
  const sign = isDescending ? -1 : 1;
  return runs
    .map(run => ({ run, value: valueOf(run) }))
    .sort((a, b) => {
      if (a.value === null || b.value === null) {
        const missing = Number(a.value === null) - Number(b.value === null);
        return missing || a.run.number - b.run.number;
      }
      return (
        sign * compared(a.value, b.value) ||
        sign * (a.run.number - b.run.number)
      );
    })
    .map(({ run }) => run);
}

/** The order in the words of the server; null where it knows none. */
export function orderText({ column, isDescending }: IOrder): string | null {
  const way = isDescending ? 'desc' : 'asc';
  switch (column.kind) {
    case 'number':
    case 'status':
      return `${column.kind} ${way}`;
    case 'duration':
      return `duration_s ${way}`;
    case 'param':
    case 'metric':
      return column.name.includes('`')
        ? null
        : `${column.kind}s.\`${column.name}\` ${way}`;
  }
}

type Value = number | string | null;

function readerOf(column: Column, now: number): (run: Run) => Value {
  switch (column.kind) {
    case 'number':
      return run => run.number;
    case 'status':
      return run => run.status;
    case 'duration':
      return run => secondsOf(run, now);
    case 'param':
      return run => paramOf(run.params[column.name]);
    case 'metric':
      return run => {
        const found = run.metrics.find(it => it.name === column.name);
        const last = found ? toNumber(found.last) : NaN;
        return Number.isNaN(last) ? null : last;
      };
  }
}

/** A parameter is text; one that reads as a number is ordered as one. */
function paramOf(text: string | undefined): Value {
  if (text === undefined) {
    return null;
  }
  return text.trim() !== '' && Number.isFinite(Number(text))
    ? Number(text)
    : text;
}

/** Numbers come before words. */
function compared(a: number | string, b: number | string): number {
  if (typeof a !== typeof b) {
    return typeof a === 'number' ? -1 : 1;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

function nameOf(column: Column): string {
  return 'name' in column ? column.name : '';
}
