import { TranslationBundle } from '@jupyterlab/translation';

import { formatNumber } from '../components/format';
import { escapeControls } from '../components/text';
import { xWord } from './axes';
import { IDrawing } from './lines';
import { Axis } from './points';
import { IReading } from './reading';
import { valueText } from './units';

/** What a chart shows, in words. */
export function summaryText(
  trans: TranslationBundle,
  title: string,
  drawing: IDrawing | null
): string {
  const name = escapeControls(title);
  const lines = drawing?.lines ?? [];
  const count = lines.reduce((sum, it) => sum + it.series.points.count, 0);
  if (count === 0) {
    return trans.__('Chart of %1, no points yet', name);
  }
  if (lines.length > 1) {
    return trans.__(
      'Chart of %1: %2 runs, %3 points',
      name,
      lines.length,
      count
    );
  }
  const { points } = lines[0].series;
  return trans._n(
    'Chart of %2: one point, %3 at step %4',
    'Chart of %2: %1 points, last %3 at step %4',
    count,
    name,
    valueText(title, points.last),
    formatNumber(points.lastStep)
  );
}

/** A place on the x axis, as it stands beside a value. */
export function placeText(
  trans: TranslationBundle,
  axis: Axis,
  x: number
): string {
  return axis === 'step' ? trans.__('step %1', xWord(axis, x)) : xWord(axis, x);
}

/** A reading, as a screen reader says it. */
export function readingText(
  trans: TranslationBundle,
  axis: Axis,
  reading: IReading
): string {
  const { label, points } = reading.line.series;
  const words = [
    ...(label === '' ? [] : [escapeControls(label)]),
    valueText(points.name, reading.value),
    placeText(trans, axis, reading.x)
  ];
  if (reading.line.raw !== null) {
    words.push(trans.__('smoothed %1', valueText(points.name, reading.shown)));
  }
  return words.join(', ');
}

/** What a chart cannot show; '' where it shows everything. */
export function omittedText(
  trans: TranslationBundle,
  drawing: IDrawing,
  wantsLogarithms: boolean
): string {
  const { nan, notPositive, outside } = drawing.omitted;
  const hasPoints = drawing.lines.some(line => line.x.length > 0);
  const words = [];
  if (wantsLogarithms && !drawing.isLogarithmic && hasPoints) {
    words.push(trans.__('no value above 0: the axis is linear'));
  }
  if (notPositive > 0) {
    words.push(trans.__('%1 ≤ 0 not shown', notPositive));
  }
  if (outside > 0) {
    words.push(trans._n('one outlier', '%1 outliers', outside));
  }
  if (nan > 0) {
    words.push(trans.__('%1 NaN', nan));
  }
  return words.join(' · ');
}
