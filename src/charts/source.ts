import { ISignal, Signal } from '@lumino/signaling';

import { ALONE } from './colours';
import { IChartSeries } from './lines';
import { Axis, Points } from './points';
import { Domain } from './scale';

/** Where a chart has its series from. */
export interface IChartSource {
  /** What is measured. */
  readonly name: string;
  /** The series as far as they are here, in the order of their drawing; finer ones where a stretch was asked for. */
  readonly series: readonly IChartSeries[];
  /** The series are others, or have other points. */
  readonly changed: ISignal<unknown, unknown>;
  /** Ask for all that can be shown of a stretch; null for the whole again. */
  setStretch(stretch: Domain | null, axis: Axis): void;
  /** The series as exactly as they can be had, for a file. */
  readAll(): Promise<readonly IChartSeries[]>;
}

/** A source of one series that somebody else reads. */
export class PointsSource implements IChartSource {
  constructor(points: Points) {
    this._points = points;
  }

  get name(): string {
    return this._points.name;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get series(): readonly IChartSeries[] {
    return [
      {
        key: this._points.name,
        label: '',
        points: this._points,
        style: ALONE,
        origin: NaN
      }
    ];
  }

  /** The points are others now, or more. */
  setPoints(points: Points): void {
    this._points = points;
    this._changed.emit();
  }

  setStretch(): void {
    // There is nothing finer than what is here.
  }

  async readAll(): Promise<readonly IChartSeries[]> {
    return this.series;
  }

  private _changed = new Signal<this, void>(this);
  private _points: Points;
}
