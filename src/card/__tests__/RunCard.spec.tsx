import { fireEvent, render, screen } from '@testing-library/react';
import { Signal } from '@lumino/signaling';
import * as React from 'react';

import { makeMetric, makeRun } from '../../__tests__/server';
import { ApiError, Captured, Run, RunFile } from '../../api';
import { CardModel } from '../model';
import { ICardActions, RunCard } from '../RunCard';

const actions = {
  onCancel: jest.fn(),
  onCopy: jest.fn(),
  onDownload: jest.fn(),
  onOpen: jest.fn(),
  onRegister: jest.fn(),
  onUse: jest.fn()
};

/** Draw a card of what its model would give. */
function show(
  facts: Partial<CardModel>,
  can: ICardActions = actions
): HTMLElement {
  const model = {
    charts: [],
    connection: { info: null },
    connectionState: 'connected',
    files: [],
    isAwake: true,
    log: '',
    logIsCut: false,
    outputs: { shown: [], more: 0 },
    siblings: [],
    snapshot: null,
    typed: [],
    usage: [],
    ...facts
  };
  Object.assign(model, { changed: new Signal(model) });
  return render(<RunCard model={model as unknown as CardModel} actions={can} />)
    .container;
}

function makeFile(name: string, facts: Partial<RunFile> = {}): RunFile {
  return { name, kind: 'output', size_bytes: 2, ...facts } as RunFile;
}

function makeCaptured(name: string): Captured {
  return { name, how: 'data', type: 'Net', size_bytes: 9 } as Captured;
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
    const lines = screen.getByText('digits.ipynb cell [5], line 3');
    expect(lines.closest('details')?.open).toBe(true);
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

  it('counts the files of logged values, which the page shows', () => {
    const run = makeRun(12, { status: 'Completed' });
    const container = show({
      run,
      files: [makeFile('c/0.svg'), makeFile('c/1.svg'), makeFile('c.txt')],
      typed: [{ name: 'c', type: 'image', count: 2, updated_at: '' }]
    });
    expect(container.querySelectorAll('li')).toHaveLength(1);
    fireEvent.click(
      screen.getByText('See the values that it logged as 2 files')
    );
    expect(actions.onOpen.mock.lastCall[1]).toBe(run.id);
  });

  it('says what the processes use, how much travelled, and which run is the best', () => {
    const scored = (number: number, accuracy: number) =>
      makeRun(number, {
        status: 'Completed',
        metrics: [makeMetric('accuracy', { last: accuracy })]
      });
    const container = show({
      run: makeRun(12, { snapshot_scope: 'project', params: { lr: '0.1' } }),
      siblings: [scored(11, 0.9), scored(9, 0.948)],
      snapshot: { id: 's', file_count: 41, size_bytes: 1.2e6, created_at: '' },
      usage: [makeMetric('system/cpu_percent', { last: 312 })]
    });
    for (const text of [
      'cpu 312%',
      'Sent along: the project (41 files, 1.2 MB)',
      'Different from the best run#9 0.9480'
    ]) {
      expect(container.textContent).toContain(text);
    }
  });

  it('says that the workspace cannot be read', () => {
    show({
      run: makeRun(12),
      connectionState: 'failed',
      connection: {
        info: null,
        error: new ApiError('unavailable', 'It is <away>.')
      }
    } as never);
    expect(screen.getByRole('img', { name: /can be read: It is <away>/ }));
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

  it('copies files beside the notebook, registers what looks like a model, and gives back what the cell assigned', () => {
    const run = makeRun(12, {
      status: 'Completed',
      captured: [makeCaptured('weights')]
    });
    const container = show({
      run,
      files: [
        makeFile('outputs/roc.png'),
        makeFile('outputs/net.pt'),
        makeFile('weights.pkl', { kind: 'result' }),
        makeFile('score.pkl', { kind: 'result' })
      ]
    });
    fireEvent.click(
      screen.getByTitle('Copy outputs/roc.png to the folder of the notebook')
    );
    expect(actions.onCopy.mock.lastCall[1].name).toBe('outputs/roc.png');
    expect(screen.getAllByText('Register')).toHaveLength(1);
    fireEvent.click(screen.getByTitle('Register outputs/net.pt as a model'));
    expect(actions.onRegister.mock.lastCall[2].name).toBe('outputs/net.pt');
    fireEvent.click(
      screen.getByTitle('Insert the line that gives score in a new cell below')
    );
    expect(actions.onUse.mock.lastCall[2]).toBe('score');
    const [weights, score] = [...container.querySelectorAll('li')].slice(2);
    expect(weights.textContent).toContain('from before');
    expect(score.textContent).not.toContain('from before');
  });

  it('offers nothing that needs a notebook where there is none', () => {
    const { onCancel, onDownload, onOpen, onRegister } = actions;
    show(
      {
        run: makeRun(12, { status: 'Completed' }),
        files: [
          makeFile('outputs/roc.png'),
          makeFile('score.pkl', { kind: 'result' })
        ]
      },
      { onCancel, onDownload, onOpen, onRegister }
    );
    expect(screen.queryByText('Copy here')).toBeNull();
    expect(screen.queryByText('Use here')).toBeNull();
  });

  it('says what changed since the last good run of the cell, and opens that', () => {
    const good = makeRun(9, { status: 'Completed', params: { lr: '0.1' } });
    const container = show({
      run: makeRun(12, { status: 'Failed', params: { lr: '0.5' } }),
      siblings: [makeRun(11, { status: 'Failed' }), good]
    });
    expect(container.textContent).toContain(
      'Changed since the last good run#9 lr 0.1 → 0.5'
    );
    fireEvent.click(screen.getAllByText('#9')[0]);
    expect(actions.onOpen.mock.lastCall[1]).toBe(good.id);
    fireEvent.click(screen.getByLabelText('Open run 12'));
    expect(actions.onOpen.mock.lastCall[1]).toBe(makeRun(12).id);
  });
});
