import { ISignal, Signal } from '@lumino/signaling';

import { decodeSeries } from '../api';
import { Points } from '../charts/points';
import { IFacts } from './facts';

/** The part of a widget's model that is used here, as anywidget hands it to a view. */
export interface IWidgetModel {
  get(name: string): unknown;
  send(content: object): void;
  on(event: string, callback: (...args: unknown[]) => void): void;
  off(event: string, callback: (...args: unknown[]) => void): void;
}

/** News of one metric: the points that follow those before, in the wire form of the server's own answer. */
interface INews {
  readonly kind: 'points';
  readonly name: string;
  /** How many points the news presuppose. */
  readonly after: number;
}

/**
 * A run as the kernel tells it, for the views of a widget.
 *
 * Facts are state of the widget. Points come as they are logged, each once; what of them was told before this page
 * listened is in the state, and where some are missing the kernel is asked for them.
 */
export class WidgetState {
  constructor(private readonly _model: IWidgetModel) {
    _model.on('change:facts', this._onFacts);
    _model.on('change:points', this._onPoints);
    _model.on('msg:custom', this._onMessage);
    this._onPoints();
    _model.send({ kind: 'ready' });
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get facts(): IFacts {
    return this._model.get('facts') as IFacts;
  }

  /** Points of the metrics that are drawn. */
  get charts(): readonly Points[] {
    return this.facts.charts.map(name => this._of(name));
  }

  /** Ask for the end of the run. */
  cancel(): void {
    this._model.send({ kind: 'cancel' });
  }

  dispose(): void {
    this._model.off('change:facts', this._onFacts);
    this._model.off('change:points', this._onPoints);
    this._model.off('msg:custom', this._onMessage);
    Signal.clearData(this);
  }

  private _of(name: string): Points {
    let points = this._points.get(name);
    if (!points) {
      points = new Points(name);
      this._points.set(name, points);
    }
    return points;
  }

  private _onFacts = (): void => {
    this._changed.emit();
  };

  /** The state has whole series; one that is behind what came since is old news. */
  private _onPoints = (): void => {
    const told = this._model.get('points') as Record<string, DataView>;
    for (const [name, view] of Object.entries(told)) {
      const piece = decodeSeries(bytesOf(view));
      if (piece.count > this._of(name).count) {
        const points = new Points(name);
        points.add(piece);
        this._points.set(name, points);
      }
    }
    this._changed.emit();
  };

  private _onMessage = (content: unknown, buffers: unknown): void => {
    const news = content as INews;
    if (news.kind !== 'points') {
      return;
    }
    const points = this._of(news.name);
    if (news.after > points.count) {
      this._model.send({
        kind: 'points',
        name: news.name,
        after: points.count
      });
    } else if (news.after === points.count) {
      points.add(decodeSeries(bytesOf((buffers as DataView[])[0])));
      this._changed.emit();
    }
  };

  private _changed = new Signal<this, void>(this);
  private _points = new Map<string, Points>();
}

/** The bytes that a view shows, by themselves. */
function bytesOf({ buffer, byteOffset, byteLength }: DataView): ArrayBuffer {
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}
