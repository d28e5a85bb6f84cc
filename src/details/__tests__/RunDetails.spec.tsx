import { fireEvent, render, screen } from '@testing-library/react';
import { Signal } from '@lumino/signaling';
import * as React from 'react';

import { makeRun } from '../../__tests__/server';
import { LocksModel } from '../../environments/model';
import { RunEdits } from '../../run/edits';
import { shownLog } from '../../run/parts';
import { RunView } from '../../run/view';
import { RunDetailModel } from '../../runs/detail';
import { IWorkspaceConnection } from '../../tokens';
import { RunDetails } from '../RunDetails';

const read = jest.fn();
const onCopy = jest.fn();
const onOpenCell = jest.fn();
const DIGEST = 'a1b2c3d4e5f6a7b8';
const LOCK = {
  system: 'linux-x86_64',
  python: '3.11',
  digest: DIGEST,
  text: 'attrs==25.4.0 \\\n    --hash=sha256:00\nsix==1.17.0\n'
};
const locks = {
  get: () => ({ locks: [LOCK], error: null, busy: false }),
  read
} as unknown as LocksModel;
Object.assign(locks, { changed: new Signal(locks) });

let edits: RunEdits | null = null;

afterEach(() => edits?.dispose());

/** Draw a run as the model would give it. */
function show(facts: Partial<RunDetailModel>): HTMLElement {
  const model = {
    id: 'a',
    error: null,
    log: '',
    logIsCut: false,
    files: [],
    outputs: { shown: [], more: 0 },
    buildLog: '',
    showsBuildLog: false,
    reproducibility: null,
    typed: { items: [], changed: new Signal({}) },
    ...facts
  } as unknown as RunDetailModel;
  Object.assign(model, { changed: new Signal(model) });
  const connection = { state: 'connected' } as IWorkspaceConnection;
  Object.assign(connection, { stateChanged: new Signal(connection) });
  edits = new RunEdits(connection, model);
  const view = { run: 'a', connection, detail: model, edits };
  return render(
    <RunDetails
      view={view as RunView}
      locks={locks}
      isPinned={false}
      onPin={() => {}}
      onAction={() => {}}
      onCopy={onCopy}
      onDownload={() => {}}
      onOpenCell={onOpenCell}
      onOpenPage={() => {}}
      onOpenRun={() => {}}
      onTyping={() => {}}
    />
  ).container;
}

describe('RunDetails', () => {
  it('shows the note, what the submission said, and the warnings', () => {
    const run = makeRun(1, {
      description: 'larger batch',
      notes: ['Took 3 names from the notebook.'],
      warnings: ['The folder changed meanwhile.']
    });
    show({ run });
    expect(screen.getByDisplayValue(run.description)).toBeTruthy();
    for (const text of [run.notes[0], run.warnings[0]]) {
      expect(screen.getByText(text)).toBeTruthy();
    }
  });

  it('names author and cell, and leads to the cell', () => {
    const run = makeRun(1, { user: 'ada' });
    const source = { ...run.source, document: 'a/b.ipynb', execution_count: 5 };
    const page = show({ run: { ...run, source } });
    expect(page.textContent).toContain('ada');
    fireEvent.click(screen.getByRole('button', { name: 'b.ipynb [5]' }));
    expect(onOpenCell).toHaveBeenCalled();
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

  it('shows what an environment waits for as progress, with a way to its log', () => {
    const run = makeRun(1, {
      status: 'Preparing',
      environment: 'sk:3',
      started_at: null,
      waiting_for: 'environment sk:3: Downloading torch'
    });
    const page = show({ run, buildLog: 'Resolved\nDownloading torch\n' });
    expect(screen.getByText('sk:3: Downloading torch')).toBeTruthy();
    expect(page.querySelector('.jp-mlws-notice')).toBeNull();
    expect(
      screen.getByRole('progressbar', { name: 'Building environment sk:3' })
    ).toBeTruthy();
    expect(
      screen.getByLabelText('End of the log of the build').textContent
    ).toBe('Resolved\nDownloading torch');
  });

  it('names the environment, its lock, and its packages once they are asked for', () => {
    const page = show({
      run: makeRun(1, {
        status: 'Completed',
        environment: 'sk:3',
        properties: {
          'mlws.lock_digest': DIGEST,
          'mlws.environment_python': '3.11.9'
        }
      })
    });
    for (const text of ['sk:3', '3.11.9', 'a1b2c3d4e5f6']) {
      expect(screen.getByText(text)).toBeTruthy();
    }
    expect(screen.getByText('attrs')).toBeTruthy();
    expect(screen.getByText('1.17.0')).toBeTruthy();
    fireEvent.click(screen.getByText('a1b2c3d4e5f6'));
    expect(onCopy).toHaveBeenLastCalledWith(DIGEST);
    fireEvent.click(screen.getByText('Copy list'));
    expect(onCopy).toHaveBeenLastCalledWith('attrs==25.4.0\nsix==1.17.0\n');
    expect(page.querySelector('.jp-mlws-reproducible')).toBeNull();
  });

  it('names the interpreter of a kernel, and has no log of a build for it', () => {
    const command = ['/usr/bin/python3', 'train.py'];
    const page = show({ run: makeRun(1, { command }) });
    expect(screen.getByText('/usr/bin/python3')).toBeTruthy();
    expect(page.textContent).not.toContain('Log of the build');
  });

  it('says whether the run can be done again, and what stands in the way', () => {
    const reason = { hint: '', blocks: false };
    const record = {
      can: false,
      reasons: [
        {
          code: 'no_snapshot',
          sentence: 'There is no snapshot.',
          hint: 'Submit it.',
          blocks: true
        },
        { ...reason, code: 'seed', sentence: 'No seed is known.' }
      ],
      secrets: [],
      environment: '',
      lock_digest: ''
    };
    const run = makeRun(1, { status: 'Completed' });
    show({ run, reproducibility: record });
    expect(screen.getByText('It cannot be done again as it is.')).toBeTruthy();
    const lines = screen
      .getAllByRole('listitem')
      .filter(line => line.dataset.blocks);
    expect(lines.map(line => line.textContent)).toEqual([
      'There is no snapshot. Submit it.',
      'No seed is known.'
    ]);
    expect(lines.map(line => line.dataset.blocks)).toEqual(['true', 'false']);
    show({ run, reproducibility: { ...record, can: true, reasons: [] } });
    expect(screen.getByText(/nothing is known that would/)).toBeTruthy();
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
