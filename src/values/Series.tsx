import * as React from 'react';

import { MetricValue, TypedMetric } from '../api';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';
import { Picture } from '../typed/Picture';
import { readPicture } from '../typed/reading';
import { Figure } from './Figure';
import { Histogram } from './Histogram';
import { Load } from './loading';
import { Prose } from './Prose';
import { readFigure, readHistogram, readSound, readText } from './reading';
import { IRidge } from './Ridges';
import { SERIES } from './sizes';
import { Sound } from './Sound';
import { StepSlider } from './StepSlider';

/** What a drawing needs of the model. */
export interface IValueSource {
  load: Load;
  fileCount: number;
}

/** A value of a series with what was said about it, and a slider to the others. */
export function Series(props: {
  item: TypedMetric;
  /** The values that are here, and the place of the first of them among all. */
  values: readonly MetricValue[];
  first: number;
  count: number;
  source: IValueSource;
  /** Ask for the values about a place. */
  onShow: (place: number) => void;
  /** What is drawn of a value that has not the shape of its type. */
  otherwise: (value: unknown) => JSX.Element;
}): JSX.Element {
  const { item, values, first, count, source, onShow } = props;
  // Null follows the newest.
  const [chosen, setChosen] = React.useState<number | null>(null);
  const place = Math.min(chosen ?? count - 1, count - 1);
  const isHere = place >= first && place < first + values.length;
  React.useEffect(() => {
    if (!isHere) {
      onShow(Math.max(0, place - Math.floor(SERIES[item.type] / 2)));
    }
  }, [isHere, place]);
  const last = React.useRef(values[values.length - 1]);
  const value = isHere ? values[place - first] : last.current;
  last.current = value;
  const drawing = React.useMemo(
    () => drawingOf(item, value, values, source),
    [item.name, item.type, value, values, source.load, source.fileCount]
  );
  return (
    <>
      <StepSlider
        name={escapeControls(item.name)}
        place={place}
        count={count}
        step={isHere ? value.step : null}
        onShow={next => setChosen(next >= count - 1 ? null : next)}
      />
      <Remark value={value} alone={count <= 1} />
      {drawing ?? props.otherwise(value.value)}
    </>
  );
}

/** What was said about a value; its step stands at the slider, where there is one. */
function Remark(props: {
  value: MetricValue;
  alone: boolean;
}): JSX.Element | null {
  const trans = useTranslation();
  const { step, description } = props.value;
  const words = [
    ...(step === null || !props.alone ? [] : [trans.__('step %1', step)]),
    ...(description === '' ? [] : [description])
  ];
  return words.length === 0 ? null : (
    <p className="jp-mlws-hint">{escapeControls(words.join(' · '))}</p>
  );
}

/** A value as its type is drawn; null where it has not the shape for it. */
function drawingOf(
  item: TypedMetric,
  { value }: MetricValue,
  values: readonly MetricValue[],
  source: IValueSource
): JSX.Element | null {
  const { name, type } = item;
  if (type === 'text') {
    const text = readText(value);
    return text === null ? null : <Prose name={name} text={text} />;
  }
  if (type === 'histogram') {
    const histogram = readHistogram(value);
    return (
      histogram && (
        <Histogram
          name={name}
          histogram={histogram}
          ridges={ridgesOf(values)}
        />
      )
    );
  }
  if (type === 'audio') {
    const sound = readSound(value);
    return sound && <Sound name={name} sound={sound} {...source} />;
  }
  if (type === 'figure') {
    const figure = readFigure(value);
    return figure && <Figure name={name} figure={figure} {...source} />;
  }
  const picture = readPicture(value);
  return picture && <Picture name={name} picture={picture} {...source} />;
}

/** The histograms of a series that have the shape of one. */
export function ridgesOf(values: readonly MetricValue[]): IRidge[] {
  return values.flatMap(it => {
    const histogram = readHistogram(it.value);
    return histogram === null ? [] : [{ step: it.step ?? it.index, histogram }];
  });
}
