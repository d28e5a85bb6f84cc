import { HTMLSelect } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Plot } from '../charts/Plot';
import { Domain, domainOf, linePath } from '../charts/scale';
import { formatNumber, formatTick } from '../components/format';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';
import { Chart, Choice } from './Chart';
import { Curve, CurveKind, curvesOf, ICurves, IPoint } from './curves';
import { IAccuracy, ITable } from './reading';

const UNIT: Domain = [0, 1];

/** ROC, precision over recall, and lift of a classifier, for the mean of its classes or one of them. */
export function AccuracyCurves(props: {
  name: string;
  accuracy: IAccuracy;
}): JSX.Element {
  const trans = useTranslation();
  const { accuracy } = props;
  const [kind, setKind] = React.useState<CurveKind>('roc');
  const [wanted, setWanted] = React.useState(-1);
  const chosen = wanted in accuracy.labels ? wanted : -1;
  const curves = React.useMemo(
    () => curvesOf(accuracy, kind, chosen < 0 ? 'mean' : chosen),
    [accuracy, kind, chosen]
  );
  const titles = useTitles(kind);
  const figure = `${titles.figure} ${shown(curves.figure)}`;
  const label = trans.__(
    '%1 of %2, %3: %4',
    titles.name,
    escapeControls(props.name),
    chosen < 0
      ? trans.__('mean of the classes')
      : escapeControls(accuracy.labels[chosen]),
    figure
  );
  return (
    <Chart
      label={label}
      numbers={() => tableOf(curves.main, titles.x, titles.y)}
      head={
        <>
          <Choice
            label={trans.__('Curve')}
            value={kind}
            onChange={setKind}
            options={[
              ['roc', trans.__('ROC')],
              ['precision', trans.__('PR')],
              ['lift', trans.__('Lift')]
            ]}
          />
          <Classes
            labels={accuracy.labels}
            chosen={chosen}
            onChange={setWanted}
          />
        </>
      }
    >
      <Drawing
        key={kind}
        kind={kind}
        curves={curves}
        titles={titles}
        figure={figure}
        label={label}
      />
    </Chart>
  );
}

interface ITitles {
  name: string;
  x: string;
  y: string;
  figure: string;
}

function useTitles(kind: CurveKind): ITitles {
  const trans = useTranslation();
  switch (kind) {
    case 'roc':
      return {
        name: trans.__('ROC curve'),
        x: trans.__('False positive rate'),
        y: trans.__('True positive rate'),
        figure: trans.__('AUC')
      };
    case 'precision':
      return {
        name: trans.__('Precision over recall'),
        x: trans.__('Recall'),
        y: trans.__('Precision'),
        figure: trans.__('AP')
      };
    case 'lift':
      return {
        name: trans.__('Lift curve'),
        x: trans.__('Share of cases taken'),
        y: trans.__('Lift'),
        figure: trans.__('Lift at 10 %')
      };
  }
}

function Classes(props: {
  labels: readonly string[];
  chosen: number;
  onChange: (chosen: number) => void;
}): JSX.Element {
  const trans = useTranslation();
  return (
    <HTMLSelect
      className="jp-mlws-classes"
      aria-label={trans.__('Class')}
      value={props.chosen}
      onChange={event => props.onChange(Number(event.target.value))}
    >
      <option value={-1}>{trans.__('Mean of classes')}</option>
      {props.labels.map((label, i) => (
        <option key={i} value={i}>
          {escapeControls(label)}
        </option>
      ))}
    </HTMLSelect>
  );
}

function Drawing(props: {
  kind: CurveKind;
  curves: ICurves;
  titles: ITitles;
  figure: string;
  label: string;
}): JSX.Element {
  const trans = useTranslation();
  const { kind, curves, titles } = props;
  const [hovered, setHovered] = React.useState<number | null>(null);
  const near = hovered === null ? null : nearest(curves.main, hovered);
  const heights = [curves.main, ...curves.others].flat().map(it => it.y);
  const domain: Domain =
    kind === 'lift' ? [0, Math.max(1.2, domainOf(heights)[1] * 1.05)] : UNIT;
  return (
    <>
      <p className="jp-mlws-typed-readout">
        {curves.main.length === 0
          ? trans.__('This class has no cases to tell apart.')
          : near === null
            ? props.figure
            : `${titles.x} ${formatNumber(near.x)}, ${titles.y} ${formatNumber(near.y)}`}
      </p>
      <Plot
        x={{ domain: UNIT, title: titles.x }}
        y={{ domain, title: titles.y }}
        label={props.label}
        onHover={setHovered}
      >
        {(x, y) => (
          <>
            <path
              className="jp-mlws-plot-ideal"
              d={linePath(chanceLine(kind), x, y)}
            />
            {curves.others.map((curve, i) => (
              <path
                key={i}
                className="jp-mlws-plot-other"
                d={linePath(curve, x, y)}
              />
            ))}
            <path
              className="jp-mlws-plot-line"
              data-points={curves.main.length}
              d={linePath(curves.main, x, y)}
            />
            {near && (
              <circle
                className="jp-mlws-plot-mark"
                cx={x(near.x)}
                cy={y(near.y)}
                r={3}
              />
            )}
          </>
        )}
      </Plot>
    </>
  );
}

/** What guessing gives, where it does not depend on how many cases there are. */
function chanceLine(kind: CurveKind): Curve {
  switch (kind) {
    case 'roc':
      return [
        { x: 0, y: 0 },
        { x: 1, y: 1 }
      ];
    case 'lift':
      return [
        { x: 0, y: 1 },
        { x: 1, y: 1 }
      ];
    case 'precision':
      return [];
  }
}

function nearest(curve: Curve, x: number): IPoint | null {
  return curve.reduce<IPoint | null>(
    (best, point) =>
      best === null || Math.abs(point.x - x) < Math.abs(best.x - x)
        ? point
        : best,
    null
  );
}

function tableOf(curve: Curve, x: string, y: string): ITable {
  return {
    columns: [x, y],
    cells: [curve.map(point => point.x), curve.map(point => point.y)],
    rowCount: curve.length
  };
}

function shown(figure: number): string {
  return Number.isFinite(figure) ? formatTick(figure) : '–';
}
