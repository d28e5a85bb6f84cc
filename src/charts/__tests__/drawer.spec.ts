import { Signal } from '@lumino/signaling';

import { until } from '../../__tests__/server';
import { Drawer } from '../drawer';
import { IChartSource } from '../source';
import { ChartView } from '../view';

const mockCreate = jest.fn();
let mockFailures = 0;

jest.mock('../chart', () => {
  if (mockFailures > 0) {
    mockFailures -= 1;
    const error = new Error('Loading chunk 7 failed.');
    error.name = 'ChunkLoadError';
    throw error;
  }
  return { createChart: mockCreate };
});

it('fetches what draws again where the server did not give it', async () => {
  mockFailures = 1;
  mockCreate.mockReturnValue({ draw: jest.fn(), dispose: jest.fn() });
  Object.assign(window, {
    ResizeObserver: class {
      observe() {}
      disconnect() {}
    }
  });
  const source = { name: 'loss', series: [], setStretch: jest.fn() };
  Object.assign(source, { changed: new Signal(source) });
  const events = { onDrawn: jest.fn(), onRead: jest.fn() };
  const drawer = new Drawer(
    document.createElement('div'),
    source as unknown as IChartSource,
    new ChartView(),
    events
  );
  await until(() => mockCreate.mock.calls.length === 1);
  expect(mockFailures).toBe(0);
  drawer.dispose();
});
