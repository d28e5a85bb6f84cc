import { IWidgetModel, WidgetState } from '../state';
import { isDark } from '../theme';

/** A series of values at steps from 0, as the kernel sends it. */
function series(name: string, values: number[], after = 0): DataView {
  const columns = ['step', 'time', 'value'];
  const count = after + values.length;
  const header = { name, count, points: values.length, columns };
  let text = JSON.stringify(header);
  text += ' '.repeat((8 - (text.length % 8)) % 8);
  const bytes = new Uint8Array(16 + text.length + 24 * values.length);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode('MLWSSER1'));
  view.setUint32(8, text.length, true);
  bytes.set(new TextEncoder().encode(text), 16);
  values.forEach((value, i) => {
    const start = 16 + text.length + 8 * i;
    view.setFloat64(start, after + i, true);
    view.setFloat64(start + 8 * values.length, 1e9 + i, true);
    view.setFloat64(start + 16 * values.length, value, true);
  });
  return view;
}

class Model implements IWidgetModel {
  constructor(public state: Record<string, unknown>) {}

  readonly sent: object[] = [];

  get(name: string): unknown {
    return this.state[name];
  }

  send(content: object): void {
    this.sent.push(content);
  }

  on(event: string, callback: (...args: unknown[]) => void): void {
    this._callbacks.set(event, callback);
  }

  off(event: string): void {
    this._callbacks.delete(event);
  }

  get isHeard(): boolean {
    return this._callbacks.size > 0;
  }

  set(name: string, value: unknown): void {
    this.state = { ...this.state, [name]: value };
    this._callbacks.get(`change:${name}`)?.();
  }

  tell(name: string, values: number[], after: number): void {
    const news = { kind: 'points', name, after };
    this._callbacks.get('msg:custom')?.(news, [series(name, values, after)]);
  }

  private _callbacks = new Map<string, (...args: unknown[]) => void>();
}

const FACTS = { charts: ['loss'] };

describe('WidgetState', () => {
  it('goes on from what the state has', () => {
    const points = { loss: series('loss', [3, 2]) };
    const model = new Model({ facts: FACTS, points });
    const state = new WidgetState(model);
    expect(model.sent).toEqual([{ kind: 'ready' }]);
    model.tell('loss', [1], 2);
    model.tell('loss', [1], 2);
    expect(state.charts[0].count).toBe(3);
    expect(state.charts[0].last).toBe(1);
  });

  it('asks for what it missed', () => {
    const model = new Model({ facts: FACTS, points: {} });
    const state = new WidgetState(model);
    model.tell('loss', [1], 5);
    expect(model.sent[1]).toEqual({ kind: 'points', name: 'loss', after: 0 });
    expect(state.charts[0].count).toBe(0);
    model.tell('loss', [6, 5, 4, 3, 2, 1], 0);
    expect(state.charts[0].count).toBe(6);
  });

  it('takes a whole series only where it knows less', () => {
    const model = new Model({ facts: FACTS, points: {} });
    const state = new WidgetState(model);
    model.tell('loss', [4, 3, 2], 0);
    model.set('points', { loss: series('loss', [4]) });
    expect(state.charts[0].count).toBe(3);
    model.set('points', { loss: series('loss', [4, 3, 2, 1]) });
    expect(state.charts[0].count).toBe(4);
  });

  it('asks for the end, and listens no more when the view is gone', () => {
    const model = new Model({ facts: FACTS, points: {} });
    const state = new WidgetState(model);
    const changed = jest.fn();
    state.changed.connect(changed);
    model.set('facts', { charts: ['loss', 'acc'] });
    expect(changed).toHaveBeenCalledTimes(1);
    expect(state.charts.map(it => it.name)).toEqual(['loss', 'acc']);
    state.cancel();
    expect(model.sent).toContainEqual({ kind: 'cancel' });
    state.dispose();
    expect(model.isHeard).toBe(false);
  });
});

describe('isDark', () => {
  it('tells dark colours from light ones', () => {
    expect(isDark('rgb(30, 30, 30)')).toBe(true);
    expect(isDark('rgba(255, 255, 255, 1)')).toBe(false);
  });
});
