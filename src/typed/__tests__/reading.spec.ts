import { binAt, middlesOf, mostFrequent, totalOf } from '../bins';
import { accuracyOf, heat, mistakesOf, normalized } from '../confusion';
import {
  columnsOf,
  readAccuracy,
  readConfusion,
  readList,
  readPicture,
  readPredictions,
  readResiduals,
  readRows,
  readTable
} from '../reading';

const CONFUSION = {
  schema_type: 'confusion_matrix',
  schema_version: '1.0.0',
  data: {
    class_labels: ['cat', 'dog', 3],
    matrix: [
      [8, 2, 0],
      [1, 4, 5],
      [0, 0, 0]
    ]
  }
};

describe('a confusion matrix', () => {
  const confusion = readConfusion(CONFUSION)!;

  it('is read with its schema around it and without', () => {
    expect(confusion.labels).toEqual(['cat', 'dog', '3']);
    expect(readConfusion(CONFUSION.data)).toEqual(confusion);
  });

  it('divides each row by its sum', () => {
    expect(normalized(confusion.matrix)).toEqual([
      [0.8, 0.2, 0],
      [0.1, 0.4, 0.5],
      [0, 0, 0]
    ]);
    expect(heat(confusion.matrix, 'rows')).toEqual(
      normalized(confusion.matrix)
    );
    expect(heat(confusion.matrix, 'counts')[1]).toEqual([0.125, 0.5, 0.625]);
  });

  it('knows how much is right, and what is mistaken most', () => {
    expect(accuracyOf(confusion)).toBe(12 / 20);
    expect(mistakesOf(confusion, 2)).toEqual([
      { truth: 1, predicted: 2, count: 5, share: 0.5 },
      { truth: 0, predicted: 1, count: 2, share: 0.2 }
    ]);
  });

  it('bears matrices of nothing', () => {
    const empty = readConfusion({ matrix: [[0]] })!;
    expect(empty.labels).toEqual(['0']);
    expect(accuracyOf(empty)).toBeNaN();
    expect(heat(empty.matrix, 'counts')).toEqual([[0]]);
  });
});

describe('what has another shape', () => {
  const nothing = [
    null,
    7,
    'text',
    [],
    {},
    { data: 5 },
    { data: { matrix: 'x', bin_edges: 'x', probability_tables: 'x' } },
    { matrix: [] },
    { matrix: [[1, 2]] },
    { matrix: [['a']] },
    { matrix: [1] },
    { bin_edges: [0, 1], bin_counts: [1, 2], bin_averages: [1, 2] },
    { bin_edges: [1, 0], bin_counts: [1], bin_averages: [1] },
    { bin_edges: [0, 'NaN'], bin_counts: [1], bin_averages: [1] },
    { probability_tables: [[[1, 2, 3]]] },
    { probability_tables: [[{}]] },
    { file: 'a.png' },
    { file: 5, media_type: 'image/png' }
  ];

  it.each(nothing.map(it => [JSON.stringify(it), it]))(
    'is not drawn: %s',
    (_, value) => {
      for (const read of [
        readConfusion,
        readAccuracy,
        readResiduals,
        readPredictions,
        readPicture
      ]) {
        expect(read(value)).toBeNull();
      }
    }
  );
});

describe('histograms', () => {
  it('are read with what JSON has no number for', () => {
    expect(
      readPredictions({
        bin_edges: [0, 1, 2],
        bin_averages: [0.4, 'NaN'],
        bin_errors: [0.1],
        bin_counts: [3, 0]
      })
    ).toEqual({
      edges: [0, 1, 2],
      averages: [0.4, NaN],
      errors: [0.1, NaN],
      counts: [3, 0]
    });
    expect(readResiduals({ bin_edges: [0, 1], bin_counts: [2] })).toEqual({
      edges: [0, 1],
      counts: [2]
    });
  });

  it('tell the bin of a value', () => {
    const edges = [0, 1, 3];
    expect([-1, 0, 0.5, 1, 3, 4].map(it => binAt(edges, it))).toEqual([
      null,
      0,
      0,
      1,
      1,
      null
    ]);
    expect(middlesOf(edges)).toEqual([0.5, 2]);
    expect(mostFrequent([1, 5, 2])).toBe(1);
    expect(totalOf([1, NaN, 2])).toBe(3);
  });
});

describe('tables', () => {
  it('are read from columns of any length', () => {
    expect(readTable({ a: [1, 2, 3], b: ['x'], c: 7 })).toEqual({
      columns: ['a', 'b', 'c'],
      cells: [[1, 2, 3], ['x'], [7]],
      rowCount: 3
    });
    expect(readTable([1])).toBeNull();
    expect(readList([1, 'a'], 'value')?.rowCount).toBe(2);
    expect(readList({ a: 1 }, 'value')).toBeNull();
  });

  it('are put together from rows that differ', () => {
    const rows = [{ a: 1 }, { b: 2, a: 3 }, 'what'];
    expect(columnsOf(rows, ['z'])).toEqual(['z', 'a', 'b']);
    expect(readRows(rows)).toEqual({
      columns: ['a', 'b'],
      cells: [
        [1, 3, undefined],
        [undefined, 2, undefined]
      ],
      rowCount: 3
    });
  });

  it('take no column from what every object has', () => {
    expect(readRows([{ a: 1 }], ['toString', 'a']).cells[0]).toEqual([
      undefined
    ]);
  });
});
