import * as React from 'react';

import { useSignal } from '../components/model';
import { useTranslation } from '../components/translation';
import { Axis } from './points';
import { ISmoothing, SmoothingKind } from './smoothing';
import { ChartView } from './view';

/** How all charts that stand together are looked at. */
export function Toolbar(props: { view: ChartView }): JSX.Element {
  const trans = useTranslation();
  const { view } = props;
  useSignal(view.changed);
  const { axis, smoothing, isLogarithmic, isClipped } = view.options;
  const axes: Record<Axis, string> = {
    step: trans.__('Step'),
    relative: trans.__('Relative time'),
    wall: trans.__('Wall time')
  };
  const kinds: Record<SmoothingKind, string> = {
    none: trans.__('None'),
    exponential: trans.__('Exponential'),
    window: trans.__('Window')
  };
  return (
    <div
      className="jp-mlws-chart-toolbar"
      role="group"
      aria-label={trans.__('How charts are drawn')}
    >
      <Choice
        label={trans.__('X axis')}
        names={axes}
        value={axis}
        onChange={axis => view.set({ axis })}
      />
      <Choice
        label={trans.__('Smoothing')}
        names={kinds}
        value={smoothing.kind}
        onChange={kind => view.set({ smoothing: { ...smoothing, kind } })}
      />
      {smoothing.kind !== 'none' && (
        <Amount
          smoothing={smoothing}
          onChange={smoothing => view.set({ smoothing })}
        />
      )}
      <Check
        label={trans.__('Log scale')}
        value={isLogarithmic}
        onChange={isLogarithmic => view.set({ isLogarithmic })}
      />
      <Check
        label={trans.__('Clip outliers')}
        value={isClipped}
        onChange={isClipped => view.set({ isClipped })}
      />
      <button
        type="button"
        className="jp-mlws-button jp-mod-minimal"
        // It keeps its room, so that nothing moves when it comes.
        style={{ visibility: view.zoom ? 'visible' : 'hidden' }}
        onClick={() => {
          view.zoom = null;
        }}
      >
        {trans.__('Show all')}
      </button>
    </div>
  );
}

function Choice<T extends string>(props: {
  label: string;
  names: Record<T, string>;
  value: T;
  onChange: (value: T) => void;
}): JSX.Element {
  return (
    <label>
      {props.label}
      <select
        aria-label={props.label}
        value={props.value}
        onChange={event => props.onChange(event.target.value as T)}
      >
        {(Object.keys(props.names) as T[]).map(id => (
          <option key={id} value={id}>
            {props.names[id]}
          </option>
        ))}
      </select>
    </label>
  );
}

function Check(props: {
  label: string;
  value: boolean;
  onChange: (value: boolean) => void;
}): JSX.Element {
  return (
    <label>
      <input
        type="checkbox"
        checked={props.value}
        onChange={event => props.onChange(event.target.checked)}
      />
      {props.label}
    </label>
  );
}

/** How much a line is made smooth: a share of the past, or a number of points. */
function Amount(props: {
  smoothing: ISmoothing;
  onChange: (smoothing: ISmoothing) => void;
}): JSX.Element {
  const trans = useTranslation();
  const { smoothing, onChange } = props;
  const isWindow = smoothing.kind === 'window';
  return (
    <label className="jp-mlws-chart-amount">
      <input
        type="range"
        aria-label={
          isWindow
            ? trans.__('Points in a window')
            : trans.__('Strength of smoothing')
        }
        // Most of what can be told apart lies close to 1.
        min={isWindow ? 1 : 0}
        max={isWindow ? 201 : 1}
        step={isWindow ? 2 : 0.01}
        value={
          isWindow ? smoothing.window : 1 - Math.sqrt(1 - smoothing.weight)
        }
        aria-valuetext={String(isWindow ? smoothing.window : smoothing.weight)}
        onChange={event => {
          const value = Number(event.target.value);
          onChange(
            isWindow
              ? { ...smoothing, window: value }
              : { ...smoothing, weight: weightOf(value) }
          );
        }}
      />
      <span className="jp-mlws-chart-amount-value">
        {isWindow ? smoothing.window : smoothing.weight}
      </span>
    </label>
  );
}

/** The share of the past at a place of the slider. */
function weightOf(place: number): number {
  return Math.min(0.999, Number((1 - (1 - place) ** 2).toFixed(3)));
}
