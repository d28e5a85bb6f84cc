import * as React from 'react';

import { MetricValue, TypedMetric } from '../api';
import { Notice } from '../components/empty';
import { useSignal } from '../components/model';
import { indentJson } from '../components/json';
import { escapeControls, Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { readTableFile } from '../values/reading';
import { SERIES } from '../values/sizes';
import { Series } from '../values/Series';
import { TablePages } from '../values/TablePages';
import { ConfusionMatrix } from './ConfusionMatrix';
import { AccuracyCurves } from './Curves';
import { DataTable, PagedTable, Pager } from './DataTable';
import { IShownValues, pageSize, TypedMetricsModel } from './model';
import { Predictions } from './Predictions';
import {
  readAccuracy,
  readConfusion,
  readList,
  readPredictions,
  readResiduals,
  readRows,
  readTable
} from './reading';
import { Residuals } from './Residuals';

const MAX_CHARACTERS = 20000;

/** What a run logged besides numbers; nothing where it logged nothing of the kind. */
export function TypedMetrics(props: {
  model: TypedMetricsModel;
}): JSX.Element | null {
  const trans = useTranslation();
  const { model } = props;
  useSignal(model.changed);
  if (model.items.length === 0) {
    return null;
  }
  return (
    <section className="jp-mlws-typed" aria-label={trans.__('Logged values')}>
      {model.items.map(item => (
        <Metric key={item.name} model={model} item={item} />
      ))}
    </section>
  );
}

/** One metric, which is drawn when it is open. */
function Metric(props: {
  model: TypedMetricsModel;
  item: TypedMetric;
}): JSX.Element {
  const { model, item } = props;
  const open = model.isOpen(item.name);
  return (
    <details
      className="jp-mlws-typed-metric"
      open={open}
      data-metric={escapeControls(item.name)}
      data-type={escapeControls(item.type)}
      onToggle={event => model.setOpen(item.name, event.currentTarget.open)}
    >
      <summary>
        <Text className="jp-mlws-typed-name" value={item.name} />
        <span className="jp-mlws-typed-type">
          <Text value={useTypeName(item.type)} />
        </span>
      </summary>
      {open && <Values {...props} />}
    </details>
  );
}

function useTypeName(type: string): string {
  const trans = useTranslation();
  const names: Readonly<Record<string, string>> = {
    list: trans.__('list'),
    row: trans.__('rows'),
    table: trans.__('table'),
    text: trans.__('text'),
    histogram: trans.__('histogram'),
    image: trans.__('image'),
    figure: trans.__('figure'),
    audio: trans.__('sound'),
    confusion_matrix: trans.__('confusion matrix'),
    accuracy_table: trans.__('ROC · PR · lift'),
    residuals: trans.__('residuals'),
    predictions: trans.__('predictions')
  };
  return names[type] ?? type;
}

function Values(props: {
  model: TypedMetricsModel;
  item: TypedMetric;
}): JSX.Element {
  const { model, item } = props;
  const shown = model.shown(item.name);
  const error = model.error(item.name);
  const load = React.useCallback(
    (file: string) => model.download(file),
    [model]
  );
  if (error) {
    return (
      <Notice kind="error">
        {escapeControls(error.message)} {escapeControls(error.hint)}
      </Notice>
    );
  }
  if (shown === null || shown.values.length === 0) {
    // About as high as what comes, so that nothing below it jumps far.
    return (
      <div
        className="jp-mlws-typed-waiting"
        data-type={escapeControls(item.type)}
        aria-busy="true"
      />
    );
  }
  if (item.type in SERIES) {
    return (
      <div className="jp-mlws-typed-body">
        <Series
          key={item.name}
          item={item}
          {...shown}
          source={{ load, fileCount: model.fileCount }}
          onShow={place => model.show(item.name, place)}
          otherwise={value => <Json value={value} />}
        />
      </div>
    );
  }
  return (
    <div className="jp-mlws-typed-body">
      <About shown={shown} />
      {item.type === 'row' ? (
        <DataTable
          table={readRows(
            shown.values.map(it => it.value),
            model.columns(item.name)
          )}
          first={shown.first}
          label={escapeControls(item.name)}
        />
      ) : (
        <Value model={model} item={item} value={shown.values[0]} />
      )}
      <Pager
        first={shown.first}
        size={pageSize(item.type)}
        count={shown.count}
        onShow={place => model.show(item.name, place)}
      />
    </div>
  );
}

/** What was said about the value beside it. */
function About(props: { shown: IShownValues }): JSX.Element | null {
  const trans = useTranslation();
  const { values } = props.shown;
  const { step, description } = values[values.length - 1];
  const words = [
    ...(step === null ? [] : [trans.__('step %1', step)]),
    ...(description === '' ? [] : [description])
  ];
  return words.length === 0 ? null : (
    <p className="jp-mlws-hint">{escapeControls(words.join(' · '))}</p>
  );
}

/** A value as its type is drawn; what has no drawing, or not the shape for it, as JSON. */
function Value(props: {
  model: TypedMetricsModel;
  item: TypedMetric;
  value: MetricValue;
}): JSX.Element {
  const { model, item, value } = props;
  const read = React.useCallback(
    (first: number, limit: number) =>
      model.rows(item.name, value.index, first, limit),
    [model, item.name, value.index]
  );
  const drawing = React.useMemo(
    () => drawingOf(item.name, item.type, value.value),
    [item.name, item.type, value.value]
  );
  const file = item.type === 'table' ? readTableFile(value.value) : null;
  if (file !== null) {
    return (
      <TablePages
        key={file.file}
        name={item.name}
        table={file}
        read={read}
        fileCount={model.fileCount}
      />
    );
  }
  return drawing ?? <Json value={value.value} />;
}

function drawingOf(
  name: string,
  type: string,
  value: unknown
): JSX.Element | null {
  switch (type) {
    case 'list':
      return withShape(readList(value, 'value'), table => (
        <PagedTable table={table} label={escapeControls(name)} />
      ));
    case 'table':
      return withShape(readTable(value), table => (
        <PagedTable table={table} label={escapeControls(name)} />
      ));
    case 'confusion_matrix':
      return withShape(readConfusion(value), confusion => (
        <ConfusionMatrix name={name} confusion={confusion} />
      ));
    case 'accuracy_table':
      return withShape(readAccuracy(value), accuracy => (
        <AccuracyCurves name={name} accuracy={accuracy} />
      ));
    case 'residuals':
      return withShape(readResiduals(value), residuals => (
        <Residuals name={name} residuals={residuals} />
      ));
    case 'predictions':
      return withShape(readPredictions(value), predictions => (
        <Predictions name={name} predictions={predictions} />
      ));
    default:
      return null;
  }
}

function withShape<T>(
  shape: T | null,
  draw: (shape: T) => JSX.Element
): JSX.Element | null {
  return shape === null ? null : draw(shape);
}

function Json(props: { value: unknown }): JSX.Element {
  const text = indentJson(JSON.stringify(props.value) ?? '', MAX_CHARACTERS);
  return (
    <pre className="jp-mlws-typed-json" tabIndex={0}>
      {escapeControls(text.slice(0, MAX_CHARACTERS))}
      {text.length > MAX_CHARACTERS && '…'}
    </pre>
  );
}
