import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import * as React from 'react';

import { ApiError, MetricValue } from '../../api';
import { Series } from '../Series';
import { TablePages } from '../TablePages';

const URLS = {
  createObjectURL: jest.fn(() => 'blob:1'),
  revokeObjectURL: jest.fn()
};

beforeEach(() => {
  Object.assign(URL, URLS);
  jest.clearAllMocks();
});

function valuesOf(type: string, ...said: unknown[]): MetricValue[] {
  return said.map((value, index) => ({
    index,
    type,
    at: '',
    step: index * 10,
    description: '',
    value
  }));
}

interface IShown {
  first?: number;
  count?: number;
  load?: (file: string) => Promise<ArrayBuffer>;
  onShow?: (place: number) => void;
}

function series(type: string, values: MetricValue[], more: IShown = {}) {
  return (
    <Series
      item={{ name: 'it', type, count: values.length, updated_at: '' }}
      values={values}
      first={more.first ?? 0}
      count={more.count ?? values.length}
      source={{ load: more.load ?? jest.fn(), fileCount: 0 }}
      onShow={more.onShow ?? jest.fn()}
      otherwise={value => <code>{JSON.stringify(value)}</code>}
    />
  );
}

describe('Series', () => {
  it('shows the newest text and any other by the slider', () => {
    render(series('text', valuesOf('text', { text: 'old' }, { text: 'new' })));
    expect(screen.getByText('new')).toBeTruthy();
    const slider = screen.getByRole('slider');
    expect(slider.getAttribute('aria-valuetext')).toBe('step 10 · 2 of 2');
    fireEvent.change(slider, { target: { value: '0' } });
    expect(screen.getByText('old')).toBeTruthy();
    expect(slider.getAttribute('aria-valuetext')).toBe('step 0 · 1 of 2');
  });

  it('follows the newest until somebody chose another', () => {
    const view = render(series('text', valuesOf('text', { text: 'a' })));
    view.rerender(
      series('text', valuesOf('text', { text: 'a' }, { text: 'b' }))
    );
    expect(screen.getByText('b')).toBeTruthy();
    fireEvent.change(screen.getByRole('slider'), { target: { value: '0' } });
    view.rerender(
      series(
        'text',
        valuesOf('text', { text: 'a' }, { text: 'b' }, { text: 'c' })
      )
    );
    expect(screen.getByText('a')).toBeTruthy();
  });

  it('asks for what is not here, and shows what was there meanwhile', () => {
    const onShow = jest.fn();
    const values = valuesOf('text', { text: 'x' }, { text: 'y' });
    render(series('text', values, { first: 98, count: 100, onShow }));
    expect(onShow).not.toHaveBeenCalled();
    fireEvent.change(screen.getByRole('slider'), { target: { value: '20' } });
    expect(onShow).toHaveBeenCalledWith(15);
    expect(screen.getByText('y')).toBeTruthy();
  });

  it('runs nothing that a text holds, and shows a long one in part', () => {
    const text = `<img src=x onerror=alert(1)>${'y'.repeat(6000)}`;
    const { container } = render(series('text', valuesOf('text', { text })));
    expect(container.querySelector('img')).toBeNull();
    const pre = container.querySelector('pre')!;
    expect(pre.textContent!.length).toBe(5001);
    fireEvent.click(
      screen.getByRole('button', { name: 'Show all 6,028 characters' })
    );
    expect(pre.textContent).toBe(text);
  });

  it('draws a histogram, and those before it as ridges', () => {
    const said = [1, 2, 3].map(it => ({
      edges: [0, 1, 2],
      counts: [it, 1],
      left_out: it
    }));
    const { container } = render(
      series('histogram', valuesOf('histogram', ...said))
    );
    expect(container.querySelectorAll('rect[data-count]').length).toBe(2);
    expect(screen.getByText('4 values · 3 not finite')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Over steps' }));
    const ridges = container.querySelectorAll('.jp-mlws-ridges path');
    expect([...ridges].map(it => it.getAttribute('data-step'))).toEqual([
      '0',
      '10',
      '20'
    ]);
    fireEvent.change(screen.getByRole('slider'), { target: { value: '1' } });
    expect(
      container
        .querySelector('.jp-mlws-ridges .jp-mod-chosen')
        ?.getAttribute('data-step')
    ).toBe('10');
  });

  it('plays a sound of a kind that is one, from the bytes of its file', async () => {
    const load = jest.fn().mockResolvedValue(new ArrayBuffer(4));
    const sound = {
      file: 'it/0.wav',
      media_type: 'audio/wav',
      sample_rate: 8000,
      channels: 2,
      duration_s: 1.5
    };
    const { container, rerender, unmount } = render(
      series('audio', valuesOf('audio', sound), { load })
    );
    await waitFor(() => expect(container.querySelector('audio')).toBeTruthy());
    expect(container.querySelector('audio')!.autoplay).toBe(false);
    expect(load).toHaveBeenCalledWith('it/0.wav');
    expect(screen.getByText('1.5 s · 8 kHz · 2 channels')).toBeTruthy();
    rerender(
      series(
        'audio',
        valuesOf('audio', { ...sound, media_type: 'text/html' }),
        { load }
      )
    );
    expect(container.querySelector('audio')).toBeNull();
    unmount();
    expect(URLS.revokeObjectURL).toHaveBeenCalledWith('blob:1');
  });

  it('says that a file is not stored yet', async () => {
    const load = jest
      .fn()
      .mockRejectedValue(new ApiError('not_found', 'No such file.'));
    const picture = { file: 'it/0.png', media_type: 'image/png', width: 1 };
    render(series('image', valuesOf('image', picture), { load }));
    expect(
      await screen.findByText('The picture it/0.png is not stored yet.')
    ).toBeTruthy();
  });

  it.each([
    [8, 8, '160px', 'few'],
    [10, 3, '160px', 'few'],
    [640, 480, '640px', undefined]
  ])(
    'draws a picture of %i × %i dots large enough to be seen',
    async (width, height, drawn, dots) => {
      const picture = { file: 'it/0.png', media_type: 'image/png' };
      const value = { ...picture, width, height };
      const load = jest.fn().mockResolvedValue(new ArrayBuffer(8));
      const { container } = render(
        series('image', valuesOf('image', value), { load })
      );
      await screen.findByRole('img');
      const frame = container.querySelector<HTMLElement>('.jp-mlws-picture')!;
      expect(frame.style.maxWidth).toBe(drawn);
      expect(frame.dataset.dots).toBe(dots);
    }
  );

  it('shows what a figure of plotly is drawn from, and no scripts', async () => {
    const load = jest
      .fn()
      .mockResolvedValue(
        new TextEncoder().encode('{"data":[{"x":"<script>"}]}').buffer
      );
    const figure = {
      file: 'it/0.plotly.json',
      media_type: 'application/vnd.plotly.v1+json'
    };
    const { container } = render(
      series('figure', valuesOf('figure', figure), { load })
    );
    await waitFor(() =>
      expect(container.querySelector('pre')?.textContent).toContain('<script>')
    );
    expect(container.querySelector('script')).toBeNull();
    expect(screen.getByText(/plotly.io.from_json/)).toBeTruthy();
  });

  it('shows what has not the shape of its type as it is', () => {
    render(series('text', valuesOf('text', { other: 1 })));
    expect(screen.getByText('{"other":1}')).toBeTruthy();
  });
});

describe('TablePages', () => {
  it('reads the page on screen and nothing else', async () => {
    const read = jest.fn(async (first: number, limit: number) => ({
      columns: [{ name: 'i', type: 'int' }],
      cells: [Array.from({ length: limit }, (_, i) => first + i)],
      first,
      row_count: 1000
    }));
    render(
      <TablePages
        name="big"
        table={{ file: 'big/0.parquet', mediaType: 'x', rowCount: 1000 }}
        read={read}
        fileCount={0}
      />
    );
    expect(await screen.findByText('0–49 of 1,000')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Last' }));
    expect(await screen.findByRole('rowheader', { name: '999' })).toBeTruthy();
    expect(read.mock.calls).toEqual([
      [0, 50],
      [950, 50]
    ]);
  });
});
