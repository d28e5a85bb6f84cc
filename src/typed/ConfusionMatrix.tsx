import * as React from 'react';

import { formatNumber } from '../components/format';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';
import { Chart, Choice } from './Chart';
import { accuracyOf, heat, mistakesOf, normalized, Share } from './confusion';
import { HeatMap } from './HeatMap';
import { IConfusion, ITable } from './reading';

/** More classes are drawn as a picture, without numbers. */
const MAX_CELLS = 24;
const MAX_MISTAKES = 500;

/** Which classes were taken for which. */
export function ConfusionMatrix(props: {
  name: string;
  confusion: IConfusion;
}): JSX.Element {
  const trans = useTranslation();
  const { confusion } = props;
  const { labels, matrix } = confusion;
  const [share, setShare] = React.useState<Share>('counts');
  const depths = React.useMemo(() => heat(matrix, share), [matrix, share]);
  const accuracy = accuracyOf(confusion);
  const label = trans.__(
    'Confusion matrix %1: %2 classes, %3 right',
    escapeControls(props.name),
    labels.length,
    percent(accuracy)
  );
  return (
    <Chart
      label={trans.__(
        'Most frequent mistakes of %1',
        escapeControls(props.name)
      )}
      numbersTitle={trans.__('Most frequent mistakes')}
      numbers={() => tableOfMistakes(confusion, trans)}
      head={
        <>
          <Choice
            label={trans.__('Cells')}
            value={share}
            onChange={setShare}
            options={[
              ['counts', trans.__('Counts')],
              ['rows', trans.__('Normalized')]
            ]}
          />
          <span>{trans.__('%1 right', percent(accuracy))}</span>
        </>
      }
    >
      {labels.length <= MAX_CELLS ? (
        <Cells
          confusion={confusion}
          share={share}
          depths={depths}
          label={label}
        />
      ) : (
        <>
          <HeatMap depths={depths} label={label} />
          <p className="jp-mlws-hint">
            {trans.__('Rows are true classes, columns predicted ones.')}
          </p>
        </>
      )}
    </Chart>
  );
}

function Cells(props: {
  confusion: IConfusion;
  share: Share;
  depths: readonly (readonly number[])[];
  label: string;
}): JSX.Element {
  const trans = useTranslation();
  const { share, depths } = props;
  const { labels, matrix } = props.confusion;
  const shares = React.useMemo(() => normalized(matrix), [matrix]);
  return (
    <div
      className="jp-mlws-table jp-mlws-confusion"
      tabIndex={0}
      role="group"
      aria-label={props.label}
    >
      <table>
        <thead>
          <tr>
            <td className="jp-mlws-confusion-corner">
              {trans.__('true ↓ predicted →')}
            </td>
            {labels.map((label, i) => (
              <th key={i} scope="col" title={escapeControls(label)}>
                {escapeControls(label)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {matrix.map((row, i) => (
            <tr key={i}>
              <th scope="row" title={escapeControls(labels[i])}>
                {escapeControls(labels[i])}
              </th>
              {row.map((count, j) => (
                <td
                  key={j}
                  className={depths[i][j] > 0.55 ? 'jp-mod-deep' : undefined}
                  style={depthOf(depths[i][j])}
                  data-count={count}
                  title={trans.__(
                    'True %1, predicted %2: %3 (%4)',
                    escapeControls(labels[i]),
                    escapeControls(labels[j]),
                    formatNumber(count),
                    percent(shares[i][j])
                  )}
                >
                  {share === 'counts'
                    ? formatNumber(count)
                    : shares[i][j].toFixed(2)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The depth of a cell's colour, which the style sheet mixes. */
function depthOf(depth: number): React.CSSProperties {
  return {
    '--jp-mlws-depth': `${Math.round(depth * 100)}%`
  } as React.CSSProperties;
}

function tableOfMistakes(
  confusion: IConfusion,
  trans: ReturnType<typeof useTranslation>
): ITable {
  const { labels } = confusion;
  const mistakes = mistakesOf(confusion, MAX_MISTAKES);
  return {
    columns: [
      trans.__('True'),
      trans.__('Predicted'),
      trans.__('Count'),
      trans.__('Of the class')
    ],
    cells: [
      mistakes.map(it => labels[it.truth]),
      mistakes.map(it => labels[it.predicted]),
      mistakes.map(it => it.count),
      mistakes.map(it => percent(it.share))
    ],
    rowCount: mistakes.length
  };
}

function percent(share: number): string {
  return Number.isFinite(share) ? `${(share * 100).toFixed(1)} %` : '–';
}
