import * as React from 'react';

import { formatNumber } from '../components/format';
import { escapeControls, Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { Drawer } from './drawer';
import { FullScreen } from './FullScreen';
import { Sign } from './icons';
import { keepKeys } from './keys';
import { ILegendItem, Legend, Swatch } from './Legend';
import { Drawn, useDrawn } from './drawn';
import { IDrawing } from './lines';
import { Menu } from './Menu';
import { IReading, keyAction, placeAfter, readAll, zoomed } from './reading';
import { IChartSource } from './source';
import { takingItems } from './taking';
import { Trend, trendOf } from './trend';
import { valueText } from './units';
import { ChartView } from './view';
import { omittedText, placeText, readingText, summaryText } from './words';

const HEIGHT = 168;
/** So long a word about what was done stays. */
const SAID_MS = 4000;

export interface ILineChartProps {
  source: IChartSource;
  view: ChartView;
  /** In pixels; without one as high as there is room. */
  height?: number;
  /** Whether it is the one that fills the screen, and how that ends. */
  onClose?: () => void;
  /** Key of the series that stands out, where others say so. */
  highlighted?: string | null;
}

/**
 * A metric over its steps or its time, of one run or of several. Arrows read its values, a marked stretch is zoomed into.
 */
export function LineChart(props: ILineChartProps): JSX.Element {
  const trans = useTranslation();
  const { source, view, onClose, highlighted = null } = props;
  const host = React.useRef<HTMLDivElement>(null);
  const drawer = React.useRef<Drawer | null>(null);
  const [drawn] = React.useState(() => new Drawn());
  const [reading, setReading] = React.useState<IReading | null>(null);
  const [spoken, setSpoken] = React.useState('');
  const [said, say] = useSaid();
  const [isFull, setFull] = React.useState(false);
  const [chosen, setChosen] = React.useState<string | null>(null);
  const [pointed, setPointed] = React.useState<string | null>(null);

  React.useEffect(() => {
    const made = new Drawer(host.current!, source, view, {
      onDrawn: drawing => drawn.set(drawing),
      onRead: setReading
    });
    drawer.current = made;
    return () => {
      drawer.current = null;
      made.dispose();
    };
  }, [source, view, drawn]);
  // In a notebook its keys mean something else, down to a restart.
  React.useEffect(() => keepKeys(host.current!), []);
  const name = source.name;
  React.useEffect(() => {
    const tell = () =>
      host.current?.setAttribute(
        'aria-label',
        summaryText(trans, name, drawn.drawing)
      );
    tell();
    return drawn.follow(tell);
  }, [trans, name, drawn]);
  const front = pointed ?? chosen ?? highlighted;
  React.useEffect(() => {
    if (drawer.current) {
      drawer.current.chosen = front;
    }
  }, [front, source, view]);

  const onKeyDown = (event: React.KeyboardEvent) => {
    const action = keyAction(event.key, event.shiftKey);
    const { drawing } = drawn;
    if (
      !drawing ||
      action === null ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey
    ) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    const { lines } = drawing;
    const line =
      lines.find(it => it.series.key === (front ?? reading?.line.series.key)) ??
      lines[0];
    switch (action.kind) {
      case 'move':
      case 'edge':
        view.cursor =
          (line && placeAfter(line, drawing.x, view.cursor, action)) ?? null;
        setSpoken('next');
        break;
      case 'line': {
        const at = lines.indexOf(line) + action.by;
        setChosen(
          lines[(at + lines.length) % lines.length]?.series.key ?? null
        );
        setSpoken('next');
        break;
      }
      case 'zoom':
        view.zoom = zoomed(drawing.x, wholeOf(drawing), action.by, view.cursor);
        break;
      case 'reset':
        view.zoom = null;
        break;
      case 'full':
        (onClose ?? (() => setFull(true)))();
    }
  };

  // What is said of the options comes with the next drawing of them.
  const wantsLogarithms = useDrawn(
    drawn,
    () => view.optionsOf(name).isLogarithmic
  );
  const omitted = useDrawn(drawn, drawing =>
    drawing === null
      ? ''
      : omittedText(trans, drawing, view.optionsOf(name).isLogarithmic)
  );
  const hasLegend = useDrawn(
    drawn,
    drawing => onClose !== undefined && (drawing?.lines.length ?? 0) > 1
  );
  const isZoomed = useDrawn(drawn, () => view.zoom !== null);
  return (
    <figure
      className={`jp-mlws-chart${onClose ? ' jp-mod-full' : ''}`}
      data-metric={escapeControls(name)}
    >
      <Readout drawn={drawn} reading={reading} />
      <div className="jp-mlws-chart-paper">
        <div
          ref={host}
          className="jp-mlws-chart-host"
          style={{ height: props.height ?? (onClose ? '100%' : HEIGHT) }}
          role="img"
          tabIndex={0}
          aria-keyshortcuts="ArrowLeft ArrowRight Home End + - 0 F"
          onKeyDown={onKeyDown}
          onBlur={() => {
            view.cursor = null;
            setSpoken('');
          }}
        />
        <div className="jp-mlws-chart-actions">
          {isZoomed && (
            <button
              type="button"
              className="jp-mlws-chart-button"
              title={trans.__('Show all')}
              aria-label={trans.__('Show all of %1', escapeControls(name))}
              onClick={() => {
                view.zoom = null;
              }}
            >
              <Sign name="whole" />
            </button>
          )}
          {!onClose && (
            <button
              type="button"
              className="jp-mlws-chart-button"
              title={trans.__('Full screen')}
              aria-label={trans.__(
                '%1 on the full screen',
                escapeControls(name)
              )}
              onClick={() => setFull(true)}
            >
              <Sign name="full" />
            </button>
          )}
          <Menu
            label={trans.__('More about %1', escapeControls(name))}
            items={[
              {
                label: trans.__('Logarithmic axis'),
                isChecked: wantsLogarithms,
                onSelect: () => view.setLogarithmic(name, !wantsLogarithms)
              },
              ...takingItems({
                trans,
                source,
                host: () => host.current,
                drawer: () => drawer.current,
                say
              })
            ]}
          />
        </div>
        {omitted !== '' && (
          <p className="jp-mlws-chart-omitted" title={omitted}>
            {omitted}
          </p>
        )}
        {said !== '' && (
          <p className="jp-mlws-chart-said" role="status">
            {said}
          </p>
        )}
      </div>
      <p className="jp-mlws-chart-spoken" aria-live="polite">
        {spoken !== '' && reading
          ? readingText(trans, view.options.axis, reading)
          : ''}
      </p>
      {hasLegend && (
        <LiveLegend
          drawn={drawn}
          view={view}
          chosen={chosen}
          onChoose={setChosen}
          onPoint={setPointed}
        />
      )}
      {isFull && (
        <FullScreen
          source={source}
          view={view}
          onClose={() => {
            setFull(false);
            host.current?.focus();
          }}
        />
      )}
    </figure>
  );
}

/** The value that is pointed at, or the newest one. */
function Readout(props: {
  drawn: Drawn;
  reading: IReading | null;
}): JSX.Element {
  const trans = useTranslation();
  const { drawn, reading } = props;
  const lines = useDrawn(drawn, it => it?.lines.length ?? 0);
  // Of several lines none is the newest, so their growing changes nothing here.
  const value = useDrawn(drawn, it => {
    const points = it?.lines.length === 1 ? it.lines[0].series.points : null;
    return points && points.count > 0
      ? valueText(points.name, points.last)
      : '';
  });
  const trend = useDrawn(drawn, it =>
    it?.lines.length === 1
      ? trendOf(it.lines[0].series.points.rows(it.axis))
      : 'level'
  );
  const step = useDrawn(drawn, it =>
    it?.lines.length === 1
      ? formatNumber(it.lines[0].series.points.lastStep)
      : ''
  );
  if (reading && drawn.drawing) {
    const { series } = reading.line;
    return (
      <figcaption className="jp-mlws-chart-readout">
        {series.label !== '' && (
          <span className="jp-mlws-chart-which">
            <Swatch style={series.style} />
            <Text value={series.label} />
          </span>
        )}
        <span className="jp-mlws-chart-value">
          {valueText(series.points.name, reading.value)}
        </span>
        <span className="jp-mlws-chart-step">
          {placeText(trans, drawn.drawing.axis, reading.x)}
        </span>
      </figcaption>
    );
  }
  return (
    <figcaption className="jp-mlws-chart-readout">
      {lines > 1 ? (
        <span className="jp-mlws-chart-step">{trans.__('%1 runs', lines)}</span>
      ) : (
        <>
          <span className="jp-mlws-chart-value">{value || '–'}</span>
          <TrendSign trend={trend} />
          <span className="jp-mlws-chart-step">
            {value === '' ? '' : trans.__('step %1', step)}
          </span>
        </>
      )}
    </figcaption>
  );
}

/** Where the value goes; its room is there also while nobody can tell, so that nothing moves. */
function TrendSign(props: { trend: Trend }): JSX.Element {
  const trans = useTranslation();
  const { trend } = props;
  if (trend === 'level') {
    return <span className="jp-mlws-chart-trend" />;
  }
  const word = trend === 'rising' ? trans.__('rising') : trans.__('falling');
  return (
    <span
      className="jp-mlws-chart-trend"
      role="img"
      aria-label={word}
      title={word}
    >
      {trend === 'rising' ? '↑' : '↓'}
    </span>
  );
}

/** The legend of what is drawn, with the values at the cursor or the newest ones. */
function LiveLegend(props: {
  drawn: Drawn;
  view: ChartView;
  chosen: string | null;
  onChoose: (key: string | null) => void;
  onPoint: (key: string | null) => void;
}): JSX.Element {
  const { drawn, view, ...rest } = props;
  const drawing = useDrawn(drawn, it => it);
  return (
    <Legend
      items={drawing ? legendItems(drawing, view.cursor) : []}
      {...rest}
    />
  );
}

function legendItems(drawing: IDrawing, cursor: number | null): ILegendItem[] {
  const readings = cursor === null ? null : readAll(drawing, cursor);
  return drawing.lines.map(line => {
    const { key, label, style, points } = line.series;
    const value = readings
      ? readings.find(it => it.line === line)?.value
      : points.count > 0
        ? points.last
        : undefined;
    return {
      key,
      label,
      style,
      value: value === undefined ? '' : valueText(points.name, value)
    };
  });
}

/** All that the lines reach over. */
function wholeOf({ lines }: IDrawing): [number, number] {
  const ends = lines.flatMap(({ x }) =>
    x.length > 0 ? [x[0], x[x.length - 1]] : []
  );
  return [Math.min(...ends), Math.max(...ends)];
}

/** A word about what was done, which goes by itself. */
function useSaid(): [string, (text: string) => void] {
  const [said, setSaid] = React.useState('');
  React.useEffect(() => {
    if (said !== '') {
      const timer = setTimeout(() => setSaid(''), SAID_MS);
      return () => clearTimeout(timer);
    }
  }, [said]);
  return [said, setSaid];
}
