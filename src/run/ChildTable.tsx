import { caretDownIcon, caretUpIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Run, toNumber } from '../api';
import { useNow } from '../components/clock';
import { Button } from '../components/empty';
import { Failure } from '../components/failure';
import { formatNumber } from '../components/format';
import { useSignal } from '../components/model';
import { StatusIcon } from '../components/status';
import { Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { differingParams, leadingMetrics } from '../runs/rows';
import { durationText, hasEnded } from '../runs/status';
import { ChildrenModel } from './children';
import { Column, isSameColumn, pressed, sorted } from './order';

/** So many metrics have a column. */
const METRICS = 4;

interface IShownColumn {
  readonly column: Column;
  readonly title: string;
  readonly isNumber: boolean;
}

/** The runs below a run, with the parameters that differ and what came of them. A press on a title orders by it. */
export function ChildTable(props: {
  model: ChildrenModel;
  onOpen: (run: string) => void;
}): JSX.Element {
  const trans = useTranslation();
  const { model, onOpen } = props;
  useSignal(model.changed);
  const { runs, error } = model;
  const now = useNow(runs.some(run => !hasEnded(run)));
  const columns = useColumns(runs);
  if (error) {
    return <Failure error={error} />;
  }
  return (
    <div className="jp-mlws-children-box" aria-busy={!model.isLoaded}>
      <table className="jp-mlws-children">
        <thead>
          <tr>
            {columns.map(it => (
              <Heading key={keyOf(it)} model={model} shown={it} />
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted(runs, model.order, now).map(run => (
            <tr key={run.id} data-run={run.id} data-status={run.status}>
              {columns.map(it => (
                <Cell
                  key={keyOf(it)}
                  run={run}
                  shown={it}
                  now={now}
                  onOpen={onOpen}
                />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {model.isLoaded && runs.length === 0 && (
        <p className="jp-mlws-hint">{trans.__('No runs below this one.')}</p>
      )}
      {model.hasMore && (
        <Button minimal onClick={() => model.readMore()}>
          {trans.__('Show more')}
        </Button>
      )}
    </div>
  );
}

function useColumns(runs: readonly Run[]): readonly IShownColumn[] {
  const trans = useTranslation();
  return React.useMemo(() => {
    const params = [...differingParams(runs)].sort();
    const metrics = leadingMetrics(runs).slice(0, METRICS);
    return [
      {
        column: { kind: 'number' },
        title: trans.__('Run'),
        isNumber: false
      },
      ...params.map((name): IShownColumn => ({
        column: { kind: 'param', name },
        title: name,
        isNumber: false
      })),
      ...metrics.map((name): IShownColumn => ({
        column: { kind: 'metric', name },
        title: name,
        isNumber: true
      })),
      {
        column: { kind: 'duration' },
        title: trans.__('Duration'),
        isNumber: true
      }
    ];
  }, [runs, trans]);
}

/** A parameter and a metric may have the same name. */
function keyOf({ column, title }: IShownColumn): string {
  return `${column.kind} ${title}`;
}

function Heading(props: {
  model: ChildrenModel;
  shown: IShownColumn;
}): JSX.Element {
  const { model, shown } = props;
  const { order } = model;
  const isOrder = isSameColumn(order.column, shown.column);
  const Icon = order.isDescending ? caretDownIcon : caretUpIcon;
  return (
    <th
      scope="col"
      className={shown.isNumber ? 'jp-mod-number' : undefined}
      aria-sort={
        isOrder ? (order.isDescending ? 'descending' : 'ascending') : undefined
      }
      data-kind={shown.column.kind}
    >
      <button
        type="button"
        className="jp-mlws-children-title"
        onClick={() => {
          model.order = pressed(order, shown.column);
        }}
      >
        <Text value={shown.title} />
        <span className="jp-mlws-children-order">
          {isOrder && <Icon.react tag="span" width="16px" height="16px" />}
        </span>
      </button>
    </th>
  );
}

function Cell(props: {
  run: Run;
  shown: IShownColumn;
  now: number;
  onOpen: (run: string) => void;
}): JSX.Element {
  const { run, shown, now, onOpen } = props;
  const { column } = shown;
  if (column.kind === 'number') {
    return (
      <th scope="row">
        <StatusIcon status={run.status} />{' '}
        <Button minimal onClick={() => onOpen(run.id)}>
          #{run.number} <Text value={run.display_name} />
        </Button>
      </th>
    );
  }
  return (
    <td className={shown.isNumber ? 'jp-mod-number' : undefined}>
      <Text value={textOf(run, column, now)} />
    </td>
  );
}

function textOf(run: Run, column: Column, now: number): string {
  if (column.kind === 'param') {
    return run.params[column.name] ?? '';
  }
  if (column.kind === 'metric') {
    const found = run.metrics.find(metric => metric.name === column.name);
    return found ? formatNumber(toNumber(found.last)) : '';
  }
  return durationText(run, now);
}
