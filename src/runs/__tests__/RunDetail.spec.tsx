import { render, screen } from '@testing-library/react';
import { Signal } from '@lumino/signaling';
import * as React from 'react';

import { makeRun } from '../../__tests__/server';
import { RunDetailModel } from '../detail';
import { RunDetail, shownLog } from '../RunDetail';

/** Draw a run as the model would give it. */
function show(facts: Partial<RunDetailModel>): HTMLElement {
  const model = {
    id: 'a',
    error: null,
    points: null,
    log: '',
    logIsCut: false,
    files: [],
    outputs: { shown: [], more: 0 },
    typed: { items: [], changed: new Signal({}) },
    ...facts
  } as unknown as RunDetailModel;
  Object.assign(model, { changed: new Signal(model) });
  return render(
    <RunDetail model={model} onAction={() => {}} onDownload={() => {}} />
  ).container;
}

describe('RunDetail', () => {
  it('shows the description, the notes and the warnings', () => {
    const run = makeRun(1, {
      description: 'larger batch',
      notes: ['Took 3 names from the notebook.'],
      warnings: ['The folder changed meanwhile.']
    });
    show({ run });
    for (const text of [run.description, run.notes[0], run.warnings[0]]) {
      expect(screen.getByText(text)).toBeTruthy();
    }
  });

  it('draws pictures, and counts outputs that it leaves out', () => {
    const url = 'data:image/png;base64,iVBORw0KGgo=';
    const outputs = {
      shown: [{ kind: 'image' as const, url, text: '' }],
      more: 2
    };
    show({ run: makeRun(1), outputs });
    const image = screen.getByRole('img', { name: 'Figure 1' });
    expect(image.getAttribute('src')).toBe(url);
    expect(screen.getByText('2 more outputs.')).toBeTruthy();
  });

  it('says that a run is queued, behind which, and the target once', () => {
    show({
      run: makeRun(1, {
        status: 'Queued',
        started_at: null,
        waiting_for: 'behind #26, #27 on local'
      })
    });
    expect(screen.getByText('Queued, behind #26, #27 on local')).toBeTruthy();
  });

  it('says what holds a started run up, and nothing of it once it ended', () => {
    const waiting_for = 'No space left on device.';
    show({ run: makeRun(1, { waiting_for }) });
    expect(screen.getByText(waiting_for)).toBeTruthy();
    const ended = show({ run: makeRun(2, { status: 'Failed', waiting_for }) });
    expect(ended.textContent).not.toContain(waiting_for);
  });

  it('offers the whole log where the panel has its end only', () => {
    const std = { name: 'std.log', kind: 'log' as const, size_bytes: 9e4 };
    const file = { ...std, digest: 'a', mode: 0, modified_at: '' };
    show({ run: makeRun(1), log: 'xxx\nend', logIsCut: true, files: [file] });
    expect(
      screen.getByRole('button', { name: 'download std.log' })
    ).toBeTruthy();
  });
});

describe('shownLog', () => {
  it('begins with a whole line where there is one', () => {
    expect(shownLog('xx\nend\n', true, '')).toBe('end');
    expect(shownLog('xxxx\n', true, '')).toBe('xxxx');
    expect(shownLog('xxxx', true, '')).toBe('xxxx');
  });

  it('leaves out the traceback that is shown above', () => {
    const traceback = 'Traceback\nValueError: a';
    expect(shownLog(`one\n${traceback}\n`, false, traceback)).toBe('one');
    expect(shownLog('one\n', false, traceback)).toBe('one');
  });
});
