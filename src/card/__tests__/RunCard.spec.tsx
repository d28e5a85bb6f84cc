import { fireEvent, render, screen } from '@testing-library/react';
import { Signal } from '@lumino/signaling';
import * as React from 'react';

import { makeRun } from '../../__tests__/server';
import { Run, RunFile } from '../../api';
import { CardModel } from '../model';
import { RunCard } from '../RunCard';

const actions = { onCancel: jest.fn(), onDownload: jest.fn() };

/** Draw a card of what its model would give. */
function show(facts: Partial<CardModel>): HTMLElement {
  const model = {
    charts: [],
    connectionState: 'connected',
    files: [],
    isAwake: true,
    log: '',
    logIsCut: false,
    outputs: { shown: [], more: 0 },
    siblings: [],
    ...facts
  };
  Object.assign(model, { changed: new Signal(model) });
  return render(
    <RunCard model={model as unknown as CardModel} actions={actions} />
  ).container;
}

function makeFile(name: string, facts: Partial<RunFile> = {}): RunFile {
  return { name, kind: 'output', size_bytes: 2, ...facts } as RunFile;
}

describe('RunCard', () => {
  it('says behind which a run is queued', () => {
    const container = show({
      run: makeRun(12, {
        status: 'Queued',
        started_at: null,
        waiting_for: 'behind #11 on local'
      })
    });
    expect(container.textContent).toContain('Queued · behind #11 on local');
  });

  it('lets a live run be canceled, and one that is ending or has ended not', () => {
    const run = makeRun(12);
    show({ run });
    fireEvent.click(screen.getByRole('button', { name: 'Cancel' }));
    expect(actions.onCancel.mock.lastCall[1]).toBe(run);
    for (const status of ['CancelRequested', 'Completed'] as const) {
      const container = show({ run: makeRun(12, { status }) });
      expect(container.querySelector('.jp-mlws-cancel')).toBeNull();
    }
  });

  it('says the cause of a failure before all else', () => {
    const container = show({
      run: makeRun(12, {
        status: 'Failed',
        params: { lr: '0.1' },
        error: {
          code: 'script_failed',
          message: 'ValueError: bad',
          exit_code: 1,
          signal: null,
          traceback: 'digits.ipynb cell [5], line 3'
        }
      })
    });
    const text = container.textContent ?? '';
    expect(text.indexOf('ValueError: bad')).toBeLessThan(text.indexOf('lr'));
    expect(text).toContain('digits.ipynb cell [5], line 3');
  });

  it('shows the last line of the log, and its end when it is opened', () => {
    const container = show({ run: makeRun(12), log: 'one\n10%\r50%\n' });
    const details = container.querySelector('details')!;
    expect(container.querySelector('code')?.textContent).toBe('50%');
    details.open = true;
    fireEvent(details, new Event('toggle'));
    expect(screen.getByLabelText('End of the log').textContent).toBe(
      'one\n50%'
    );
  });

  it('says how far a live run is, and of one that has ended nothing', () => {
    const progress = { current: 1, total: 4, rate: 1, unit: 'it', text: '' };
    show({ run: makeRun(12, { progress }) });
    const bar = screen.getByRole('progressbar');
    expect(bar.getAttribute('aria-valuetext')).toBe('1/4 · ~0:03 left');
    expect((bar.firstChild as HTMLElement).style.width).toBe('25%');
    const ended = makeRun(12, { progress, status: 'Completed' });
    expect(show({ run: ended }).textContent).not.toContain('1/4');
  });

  it('lists the first files, and all when asked', () => {
    const names = Array.from({ length: 8 }, (_, i) => `outputs/${i}.txt`);
    show({
      run: makeRun(12, { status: 'Completed' }),
      files: names.map(name => makeFile(name))
    });
    expect(screen.queryByText('outputs/7.txt')).toBeNull();
    fireEvent.click(screen.getByRole('button', { name: '3 more' }));
    expect(screen.getByText('outputs/7.txt')).toBeTruthy();
  });

  it('says that the server does not answer', () => {
    show({ run: makeRun(12), connectionState: 'lost' });
    expect(
      screen.getByRole('img', { name: /does not answer/ }).dataset.state
    ).toBe('lost');
  });

  it('X01 X20 shows foreign text as text', () => {
    const evil = '<img src=x onerror="window.__xss=1">\u202e';
    const run: Run = makeRun(12, {
      experiment: evil,
      status: 'Failed',
      display_name: evil,
      description: evil,
      compute_target: evil,
      params: { [evil]: evil },
      notes: [evil],
      warnings: [evil],
      snapshot_scope: evil,
      captured: [
        { name: evil, how: 'source', type: evil, size_bytes: 1, text: evil }
      ],
      error: {
        code: evil,
        message: evil,
        exit_code: 1,
        signal: null,
        traceback: evil
      }
    });
    const container = show({
      run,
      log: evil,
      files: [makeFile(evil)],
      outputs: { shown: [{ kind: 'text', text: evil, isCut: false }], more: 0 }
    });
    expect(container.querySelector('img')).toBeNull();
    expect(container.textContent).toContain('<img src=x');
    expect(container.textContent).not.toContain('\u202e');
  });
});
