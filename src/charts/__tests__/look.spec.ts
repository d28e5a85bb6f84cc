import { decodeSeries } from '../../api';
import { encodeSeries } from '../../__tests__/series';
import { marksFrom, stepDistances, xWord, xWords } from '../axes';
import { ALONE, COLOURS, PALETTES, stylesOf } from '../colours';
import { Frames } from '../frames';
import { drawingOf, IChartSeries } from '../lines';
import { Brush, paint } from '../painter';
import { placesOf } from '../picture';
import { Points } from '../points';
import { scaleOf } from '../scale';
import { csvOf, fileNameOf } from '../table';
import { ChartView, PLAIN } from '../view';
import { differences, contrast } from './seeing';

function series(value: number[], facts: Partial<IChartSeries> = {}) {
  const step = value.map((_, i) => i);
  const points = new Points('loss');
  points.add(decodeSeries(encodeSeries('loss', value.length, { step, value })));
  return { key: 'a', label: '', points, style: ALONE, origin: NaN, ...facts };
}

describe('colours', () => {
  const papers = { light: '#ffffff', dark: '#212121' } as const;

  it.each(['light', 'dark'] as const)(
    'stand out from %s paper and differ for everybody',
    theme => {
      for (const colour of PALETTES[theme]) {
        expect(contrast(colour, papers[theme])).toBeGreaterThanOrEqual(3);
      }
      expect(Math.min(...differences(PALETTES[theme]))).toBeGreaterThan(10);
    }
  );

  it('are those of the style sheet', () => {
    const { readFileSync } = jest.requireActual<{
      readFileSync: (path: string, encoding: string) => string;
    }>('fs');
    const sheet = readFileSync('style/charts.css', 'utf-8');
    const all = [...PALETTES.light, ...PALETTES.dark];
    const found = sheet.match(/--jp-mlws-series-\d: #\w+/g) ?? [];
    expect(found).toEqual(
      all.map((colour, i) => `--jp-mlws-series-${i % COLOURS}: ${colour}`)
    );
  });

  it('stay with a run when newer ones come', () => {
    const before = stylesOf([3, 11, 4]);
    const after = stylesOf([12, 4, 11, 3, 19, 27]);
    for (const number of [3, 4, 11]) {
      expect(after.get(number)).toEqual(before.get(number));
    }
    expect(before.get(3)).toEqual({ colour: 2, dash: 0 });
  });

  it('and patterns tell 32 runs apart', () => {
    const numbers = Array.from({ length: 32 }, (_, i) => 5 * i + 1);
    const looks = [...stylesOf(numbers).values()];
    expect(looks.slice(0, 8).every(it => it.dash === 0)).toBe(true);
    const names = looks.map(it => `${it.colour} ${it.dash}`);
    expect(new Set(names).size).toBe(32);
    expect(stylesOf(Array.from({ length: 100 }, (_, i) => i)).size).toBe(100);
  });
});

/** A canvas that notes what is drawn on it. */
class Sketch {
  readonly strokes: string[] = [];
  readonly fills: string[] = [];
  readonly dashes: number[][] = [];
  beginPath = () => {
    this._path = '';
  };
  moveTo = (x: number, y: number) => {
    this._path += `M${Math.round(x)},${Math.round(y)}`;
  };
  lineTo = (x: number, y: number) => {
    this._path += `L${Math.round(x)},${Math.round(y)}`;
  };
  arc = () => {
    this._path += 'O';
  };
  closePath = () => {
    this._path += 'Z';
  };
  stroke = () => this.strokes.push(this._path);
  fill = () => this.fills.push(this._path);
  setLineDash = (dash: number[]) => this.dashes.push(dash);
  private _path = '';
}

describe('paint', () => {
  function sketch(value: number[], width = 100): Sketch {
    const drawing = drawingOf([series(value)], PLAIN, null);
    const found = new Sketch();
    paint(found as unknown as Brush, drawing.lines, {
      x: scaleOf(drawing.x, 0, width),
      y: scaleOf([0, 10], 100, 0),
      left: 0,
      right: width,
      top: 0,
      bottom: 100,
      ratio: 1,
      colour: () => 'red'
    });
    return found;
  }

  it('leaves a gap for NaN, and a dot for what stands alone', () => {
    const values = Array.from({ length: 31 }, () => 5);
    values[10] = values[12] = NaN;
    const { strokes, fills } = sketch(values, 300);
    expect(strokes[0].match(/M/g)).toHaveLength(3);
    expect(fills.join('').match(/O/g)).toHaveLength(1);
  });

  it('points to where values are infinite', () => {
    const values = Array.from({ length: 31 }, () => 5);
    values[10] = Infinity;
    values[20] = -Infinity;
    const triangles = sketch(values, 300)
      .fills.join('')
      .match(/M[^Z]*Z/g);
    expect(triangles).toHaveLength(2);
    expect(triangles![0]).toMatch(/^M100,0L/);
    expect(triangles![1]).toMatch(/^M200,100L/);
  });

  it('costs what its pixels cost, and keeps the extremes', () => {
    const values = Array.from({ length: 1000 }, (_, i) =>
      i === 501 ? 9 : i % 2
    );
    const [stroke] = sketch(values, 50).strokes;
    expect(stroke.match(/[ML]/g)!.length).toBeLessThan(300);
    expect(stroke).toContain(',10');
  });

  it('leaves out what a smooth line has between two columns, and draws many close lines thin', () => {
    const values = Array.from({ length: 1000 }, (_, i) => i / 100);
    const { strokes } = sketch(values, 50);
    expect(strokes[0].match(/[ML]/g)!.length).toBeLessThanOrEqual(102);
    expect(strokes[0]).toMatch(/^M0,100L.*L50,0$/);
    const width = (count: number) => {
      const drawing = drawingOf(
        Array.from({ length: count }, () => series(values)),
        PLAIN,
        null
      );
      const found = new Sketch() as unknown as Brush;
      paint(found, drawing.lines, {
        x: scaleOf(drawing.x, 0, 100),
        y: scaleOf([0, 10], 100, 0),
        left: 0,
        right: 100,
        top: 0,
        bottom: 100,
        ratio: 1,
        colour: () => 'red'
      });
      return found.lineWidth;
    };
    expect(width(1)).toBeGreaterThan(1);
    expect(width(10)).toBe(1);
  });

  it('draws the extent of what was summed up', () => {
    const points = new Points('loss', 10);
    const step = Array.from({ length: 40 }, (_, i) => i);
    const value = step.map(i => i % 5);
    points.add(decodeSeries(encodeSeries('loss', 40, { step, value })));
    const drawing = drawingOf([series([], { points })], PLAIN, null);
    const found = new Sketch();
    paint(found as unknown as Brush, drawing.lines, {
      x: scaleOf(drawing.x, 0, 100),
      y: scaleOf([0, 10], 100, 0),
      left: 0,
      right: 100,
      top: 0,
      bottom: 100,
      ratio: 1,
      colour: () => 'red'
    });
    expect(found.fills[0]).toMatch(/^M.*Z$/);
    expect(found.fills[0]).toContain(',60');
  });
});

describe('axes', () => {
  it('count steps, seconds and times of the day', () => {
    expect(xWords('step', [0, 5000, 1e4, 1.5e6, 12345])).toEqual([
      '0',
      '5000',
      '10k',
      '1.5M',
      '12345'
    ]);
    expect(xWords('relative', [0, 30, 60, 3600])).toEqual([
      '0 s',
      '30 s',
      '1:00',
      '1:00:00'
    ]);
    expect(xWords('relative', [0, 0.05])).toEqual(['0 s', '0.05 s']);
    expect(xWord('step', 12)).toBe('12');
    expect(xWords('wall', [0, 3600])[0]).toMatch(/^\d\d:\d\d$/);
  });

  it('have no marks between two steps, unless one looks closer', () => {
    const whole = stepDistances(0, 1);
    expect(whole.slice(0, 5)).toEqual([1, 2, 5, 10, 20]);
    expect(whole.every(Number.isInteger)).toBe(true);
    // Steps end there.
    expect(whole[whole.length - 1]).toBeGreaterThan(2 ** 53);
    expect(stepDistances(3.2, 3.8)).toContain(0.1);
  });

  it('pass over what is left of 0 where nothing begins there', () => {
    expect(marksFrom([-1, 0, 1], 0)).toEqual([null, 0, 1]);
    expect(marksFrom([-1, 0, 1], -1)).toEqual([-1, 0, 1]);
    expect(xWords('step', [null, 0, 1])).toEqual(['', '0', '1']);
    expect(xWords('relative', [null, 0, 0.5])).toEqual(['', '0 s', '0.5 s']);
  });
});

describe('Frames', () => {
  it('draws each once, and no more at a time than a frame has room for', () => {
    const asked: (() => void)[] = [];
    let now = 0;
    const frames = new Frames(
      frame => asked.push(frame),
      () => now
    );
    const drawn: number[] = [];
    const draws = [0, 1, 2].map(i => () => {
      drawn.push(i);
      now += 6;
    });
    draws.forEach(draw => frames.request(draw));
    frames.request(draws[0]);
    frames.cancel(draws[1]);
    frames.request(draws[1]);
    asked.shift()!();
    expect(drawn).toEqual([0, 2]);
    asked.shift()!();
    expect(drawn).toEqual([0, 2, 1]);
    expect(asked).toEqual([]);
  });

  it('draws few at a time even where each takes no time, and everybody in turn', () => {
    const asked: (() => void)[] = [];
    const frames = new Frames(
      frame => asked.push(frame),
      () => 0
    );
    const drawn: number[] = [];
    const draws = Array.from({ length: 9 }, (_, i) => () => drawn.push(i));
    draws.forEach(draw => frames.request(draw));
    asked.shift()!();
    expect(drawn).toEqual([0, 1, 2, 3]);
    // What has news again waits behind those that had no turn yet.
    frames.request(draws[0]);
    asked.shift()!();
    expect(drawn).toHaveLength(8);
    asked.shift()!();
    expect(drawn.slice(-2)).toEqual([8, 0]);
    expect(asked).toEqual([]);
  });
});

describe('csvOf', () => {
  it('has a line for each point, and words for what is no number', () => {
    expect(csvOf('loss', [series([0.5, NaN, -Infinity])])).toBe(
      'step,time,loss\n' +
        '0,1970-01-01T00:00:00.000Z,0.5\n' +
        '1,1970-01-01T00:00:01.000Z,nan\n' +
        '2,1970-01-01T00:00:02.000Z,-inf\n'
    );
  });

  it('names the run where there are several, and is no formula', () => {
    const text = csvOf('=cmd()', [
      series([1], { label: '#1 lr="a,b"' }),
      series([2], { label: '@SUM(A1)' })
    ]);
    const lines = text.split('\n');
    expect(lines[0]).toBe("run,step,time,'=cmd()");
    expect(lines[1]).toMatch(/^"#1 lr=""a,b""",0,/);
    expect(lines[2]).toMatch(/^'@SUM\(A1\),0,/);
  });

  it('is saved under a name that leads nowhere', () => {
    expect(fileNameOf('../../etc/pass wd', 'csv')).toBe('etc-pass-wd.csv');
    expect(fileNameOf('///', 'png')).toBe('chart.png');
    expect(fileNameOf('Verlust/größe', 'csv')).toBe('Verlust-größe.csv');
  });
});

describe('ChartView', () => {
  it('keeps what was chosen, and takes nothing that makes no sense', () => {
    localStorage.clear();
    const view = new ChartView(localStorage);
    view.set({ isClipped: true, axis: 'wall' });
    view.setLogarithmic('loss', true);
    const again = new ChartView(localStorage);
    expect(again.options).toEqual(view.options);
    expect(again.optionsOf('loss').isLogarithmic).toBe(true);
    expect(again.optionsOf('acc').isLogarithmic).toBe(false);
    for (const text of [
      '',
      '{',
      'null',
      '7',
      '{"options":{"axis":"z","smoothing":{"kind":1,"weight":9}},"others":[1]}'
    ]) {
      localStorage.setItem('jupyter-mlws:charts', text);
      expect(new ChartView(localStorage).options).toEqual(PLAIN);
    }
  });

  it('forgets a stretch of another axis, and the other axes where all are changed', () => {
    const view = new ChartView();
    const told = jest.fn();
    view.changed.connect(told);
    view.zoom = [1, 2];
    view.zoom = [1, 2];
    expect(told).toHaveBeenCalledTimes(1);
    view.set({ axis: 'relative' });
    expect(view.zoom).toBeNull();
    view.setLogarithmic('loss', true);
    view.set({ isLogarithmic: true });
    expect(view.optionsOf('loss').isLogarithmic).toBe(true);
  });
});

describe('the legend of a picture', () => {
  it('goes on in the next row where the first is full', () => {
    const legend = ['aa', 'bb', 'cc'].map(label => ({ label, style: ALONE }));
    const places = placesOf({ title: '', legend }, 100, () => 15);
    expect(places.map(({ x, y }) => [x, y])).toEqual([
      [0, 0],
      [49, 0],
      [0, 16]
    ]);
  });
});
