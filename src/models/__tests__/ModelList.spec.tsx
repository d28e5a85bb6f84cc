import { Signal } from '@lumino/signaling';
import { fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import { ApiError, Model } from '../../api';
import { ListModel } from '../../model/list';
import { MOST_MODELS } from '../model';
import { ModelList } from '../ModelList';

function makeModel(facts: Partial<Model> = {}): Model {
  return {
    name: 'digits',
    version: 3,
    created_at: '2026-01-31T12:00:00Z',
    files: [
      { path: 'model.pkl', size_bytes: 2000, digest: 'a' },
      { path: 'vocabulary.txt', size_bytes: 500, digest: 'b' }
    ],
    run_id: 'digits_1_12',
    run_number: 12,
    run_deleted: false,
    snapshot_id: null,
    tags: { stage: 'final' },
    properties: { data: '2026-01' },
    aliases: ['production', 'best'],
    description: 'Knows all ten.',
    framework: 'ScikitLearn',
    framework_version: '1.7',
    updated_at: null,
    deleted_at: null,
    ...facts
  };
}

describe('ModelList', () => {
  const onDownload = jest.fn();

  function show(
    items: Model[],
    error: ApiError | null = null,
    isLoaded = true
  ): HTMLElement {
    const list = { items, error, isLoaded };
    Object.assign(list, { changed: new Signal(list) });
    return render(
      <ModelList
        model={list as unknown as ListModel<Model>}
        onDownload={onDownload}
      />
    ).container;
  }

  function open(page: HTMLElement): void {
    const details = page.querySelector('details')!;
    details.open = true;
    fireEvent(details, new Event('toggle'));
  }

  it('names aliases and framework, and keeps the rest until it is asked for', () => {
    const page = show([makeModel()]);
    for (const text of ['digits', 'v3', 'production', 'best', '#12']) {
      expect(screen.getByText(text)).toBeTruthy();
    }
    expect(screen.getByText('ScikitLearn 1.7')).toBeTruthy();
    expect(screen.getByText('2.5 kB')).toBeTruthy();
    expect(screen.queryByText('Knows all ten.')).toBeNull();
    open(page);
    expect(screen.getByText('Knows all ten.')).toBeTruthy();
    expect(screen.getByText('stage: final')).toBeTruthy();
    expect(screen.getByText('data: 2026-01')).toBeTruthy();
  });

  it('says that there is none only when that is known', () => {
    expect(show([], null, false).textContent).toBe('');
    expect(show([]).textContent).toContain('No models yet');
  });

  it('says that there are more than are listed', () => {
    const many = Array.from({ length: MOST_MODELS }, (_, i) =>
      makeModel({ version: i })
    );
    expect(show(many.slice(1)).textContent).not.toContain('the newest');
    expect(show(many).textContent).toContain('the newest 200');
  });

  it('hands over the file that was asked for', () => {
    const model = makeModel();
    open(show([model]));
    fireEvent.click(
      screen.getByRole('button', { name: 'Download vocabulary.txt' })
    );
    expect(onDownload).toHaveBeenCalledWith(model, model.files[1]);
  });

  it('says that the run is gone, and how to fetch very many files', () => {
    const files = Array.from({ length: 60 }, (_, i) => ({
      path: `part${i}`,
      size_bytes: 1,
      digest: 'a'
    }));
    open(show([makeModel({ files, run_deleted: true })]));
    expect(screen.getByText('The run that made it was deleted.')).toBeTruthy();
    expect(screen.getAllByRole('button').length).toBe(50);
    expect(
      screen.getByText(
        '10 more files: mlws models download digits:3 fetches all.'
      )
    ).toBeTruthy();
  });

  it('teaches where nothing is, and tells what is wrong', () => {
    show([]);
    expect(screen.getByText(/run.register_model/)).toBeTruthy();
    show([], new ApiError('forbidden', 'You may not.', 'Ask the owner.'));
    expect(screen.getByText('You may not. Ask the owner.')).toBeTruthy();
  });
});
