import { Signal } from '@lumino/signaling';
import {
  act,
  fireEvent,
  render,
  screen,
  waitFor
} from '@testing-library/react';
import * as React from 'react';

import { ApiError, TypedMetric } from '../../api';
import { TypedMetricsModel } from '../model';
import { TypedMetrics } from '../TypedMetrics';

const changed = new Signal<object, void>({});

/** Draw metrics of one value each, as the model would give them. */
function show(
  metrics: Record<string, { type: string; value: unknown; count?: number }>,
  more: Partial<TypedMetricsModel> = {}
): HTMLElement {
  const items: TypedMetric[] = Object.entries(metrics).map(([name, it]) => ({
    name,
    type: it.type,
    count: it.count ?? 1,
    updated_at: ''
  }));
  const model = {
    items,
    isOpen: () => true,
    setOpen: jest.fn(),
    show: more.show ?? jest.fn(),
    error: more.error ?? (() => null),
    columns: () => [],
    shown: (name: string) => ({
      first: (metrics[name].count ?? 1) - 1,
      count: metrics[name].count ?? 1,
      values: [
        {
          index: 0,
          type: metrics[name].type,
          at: '',
          step: 20,
          description: 'by hand',
          value: metrics[name].value
        }
      ]
    }),
    get fileCount() {
      return more.fileCount ?? 0;
    },
    changed,
    download: more.download
  } as unknown as TypedMetricsModel;
  return render(<TypedMetrics model={model} />).container;
}

const TABLES = {
  class_labels: ['no', 'yes'],
  probability_tables: [
    [
      [0, 0, 2, 2],
      [2, 1, 1, 0],
      [2, 2, 0, 0]
    ],
    [
      [0, 0, 2, 2],
      [1, 0, 2, 1],
      [2, 2, 0, 0]
    ]
  ]
};

describe('TypedMetrics', () => {
  it('is nothing for a run that logged nothing of the kind', () => {
    expect(show({}).childElementCount).toBe(0);
  });

  it('draws a list and a table page by page', () => {
    const many = Array.from({ length: 120 }, (_, i) => i);
    const page = show({ steps: { type: 'list', value: many } });
    expect(page.querySelectorAll('tbody tr').length).toBe(50);
    expect(screen.getByText('0–49 of 120')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Last' }));
    expect(screen.getByText('70–119 of 120')).toBeTruthy();
    expect(screen.getByRole('rowheader', { name: '119' })).toBeTruthy();
    const next = screen.getByRole('button', { name: 'Next' });
    expect(next.getAttribute('aria-disabled')).toBe('true');
  });

  it('says step and description, and goes through several values', () => {
    const onShow = jest.fn();
    show(
      { t: { type: 'table', value: { a: [1.23456, null] }, count: 4 } },
      { show: onShow }
    );
    expect(screen.getByText('step 20 · by hand')).toBeTruthy();
    expect(screen.getByText('1.2346').getAttribute('title')).toBe('1.23456');
    fireEvent.click(screen.getByRole('button', { name: 'Previous' }));
    expect(onShow).toHaveBeenCalledWith('t', 2);
  });

  it('draws no more cells than a page bears', () => {
    const wide = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [`c${i}`, [i]])
    );
    const page = show({ wide: { type: 'table', value: wide } });
    expect(page.querySelectorAll('thead th').length).toBe(40);
    expect(screen.getByText('20 more columns.')).toBeTruthy();
  });

  it('draws a confusion matrix in counts and normalized', () => {
    const value = {
      class_labels: ['cat', 'dog'],
      matrix: [
        [30, 10],
        [0, 5]
      ]
    };
    const page = show({ animals: { type: 'confusion_matrix', value } });
    const cells = () =>
      [...page.querySelectorAll('td[data-count]')].map(it => it.textContent);
    expect(cells()).toEqual(['30', '10', '0', '5']);
    expect(screen.getByText('77.8 % right')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Normalized' }));
    expect(cells()).toEqual(['0.75', '0.25', '0.00', '1.00']);
    expect(
      screen.getByRole('group', {
        name: 'Confusion matrix animals: 2 classes, 77.8 % right'
      })
    ).toBeTruthy();
  });

  it('draws large confusion matrices as a picture', () => {
    jest.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(null);
    const matrix = Array.from({ length: 40 }, () => Array(40).fill(1));
    const page = show({
      many: { type: 'confusion_matrix', value: { matrix } }
    });
    expect(page.querySelectorAll('td').length).toBe(0);
    expect(page.querySelector('canvas')?.width).toBe(40);
  });

  it('draws three curves of a classifier, for all classes and each', () => {
    const page = show({ tables: { type: 'accuracy_table', value: TABLES } });
    expect(
      screen.getByRole('img', {
        name: 'ROC curve of tables, mean of the classes: AUC 0.75'
      })
    ).toBeTruthy();
    expect(page.querySelectorAll('.jp-mlws-plot-other').length).toBe(2);
    fireEvent.change(screen.getByRole('combobox', { name: 'Class' }), {
      target: { value: '1' }
    });
    expect(
      screen.getByRole('img', { name: 'ROC curve of tables, yes: AUC 0.75' })
    ).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'PR' }));
    expect(
      screen.getByRole('img', { name: /^Precision over recall of tables, yes/ })
    ).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Lift' }));
    expect(screen.getByRole('img', { name: /Lift at 10 % 2$/ })).toBeTruthy();
  });

  it('draws residuals and predictions, with their numbers for who asks', () => {
    const page = show({
      errors: {
        type: 'residuals',
        value: { bin_edges: [-1, 0, 1], bin_counts: [3, 5] }
      },
      fits: {
        type: 'predictions',
        value: {
          bin_edges: [0, 1, 2, 3],
          bin_averages: [0.4, 'NaN', 2.4],
          bin_errors: [0.1, 'NaN', 0.2],
          bin_counts: [10, 0, 10]
        }
      }
    });
    expect(
      [...page.querySelectorAll('.jp-mlws-plot-bars rect')].map(it =>
        it.getAttribute('data-count')
      )
    ).toEqual(['3', '5']);
    expect(page.querySelectorAll('.jp-mlws-plot-mark').length).toBe(2);
    expect(page.querySelectorAll('table').length).toBe(0);
    for (const numbers of page.querySelectorAll<HTMLDetailsElement>(
      '.jp-mlws-more'
    )) {
      numbers.open = true;
      fireEvent(numbers, new Event('toggle'));
    }
    expect(page.querySelectorAll('table').length).toBe(2);
  });

  it('shows what has no drawing as text', () => {
    const page = show({
      odd: { type: 'forecast', value: { note: '<b>\u202e</b>' } },
      broken: { type: 'residuals', value: { bin_edges: 'x' } }
    });
    expect(page.querySelectorAll('pre').length).toBe(2);
    expect(page.querySelector('pre')?.textContent).toContain('<b>\\u202e</b>');
    expect(page.querySelector('pre b')).toBeNull();
  });

  it('tells what is wrong where values cannot be read', () => {
    const error = new ApiError('gone', 'It is gone.', 'Log it again.');
    show({ a: { type: 'list', value: [] } }, { error: () => error });
    expect(screen.getByText('It is gone. Log it again.')).toBeTruthy();
  });
});

describe('a picture', () => {
  const made: Blob[] = [];
  const revoked: string[] = [];

  beforeEach(() => {
    made.length = revoked.length = 0;
    URL.createObjectURL = blob => `blob:${made.push(blob as Blob)}`;
    URL.revokeObjectURL = url => revoked.push(url);
  });

  const picture = (media_type: string, width = 20) => ({
    plot: {
      type: 'image',
      value: { file: 'plot/1.png', media_type, width, height: 10 }
    }
  });
  const download = jest.fn(async () => new ArrayBuffer(4));

  it('is drawn from bytes of its type, which are given back', async () => {
    show(picture('image/png'), { download });
    const image = await waitFor(() =>
      screen.getByRole('img', { name: 'Image plot' })
    );
    expect(image.getAttribute('src')).toBe('blob:1');
    expect(made[0].type).toBe('image/png');
    expect(download).toHaveBeenCalledWith('plot/1.png');
  });

  it('comes when its file does', async () => {
    const missing = new ApiError('not_found', 'No such file.');
    const late = jest.fn().mockRejectedValueOnce(missing);
    late.mockResolvedValue(new ArrayBuffer(4));
    const model = { fileCount: 0, download: late };
    show(picture('image/png'), model);
    await screen.findByText('The picture plot/1.png is not stored yet.');
    model.fileCount = 1;
    act(() => changed.emit(undefined));
    await screen.findByRole('img', { name: 'Image plot' });
    expect(late).toHaveBeenCalledTimes(2);
  });

  it.each([
    ['image/svg+xml', 20],
    ['text/html', 20],
    ['image/png', 1e8]
  ])('of %s, %d wide is not drawn', (type, width) => {
    download.mockClear();
    show(picture(type, width), { download });
    expect(screen.getByText(/is not drawn here/)).toBeTruthy();
    expect(screen.queryByRole('img')).toBeNull();
    expect(download).not.toHaveBeenCalled();
  });
});
