import { render, screen } from '@testing-library/react';
import { Signal } from '@lumino/signaling';
import * as React from 'react';

import { makeRun } from '../../__tests__/server';
import { RunDetailModel } from '../detail';
import { RunDetail } from '../RunDetail';

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
    ...facts
  } as unknown as RunDetailModel;
  Object.assign(model, { changed: new Signal(model) });
  return render(
    <RunDetail model={model} onCancel={() => {}} onDownload={() => {}} />
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
});
