import { Signal } from '@lumino/signaling';
import { render, screen } from '@testing-library/react';
import * as React from 'react';

import { Compute } from '../../api';
import { ListModel } from '../../model/list';
import { ComputeList } from '../ComputeList';

function show(...items: Partial<Compute>[]): void {
  const list = {
    error: null,
    items: items.map(facts => ({
      name: 'local',
      kind: 'local',
      slots: 2,
      gpus: 0,
      running: 1,
      queued: 0,
      note: '',
      ready: true,
      takes: 'interpreter',
      paused: false,
      ...facts
    }))
  };
  Object.assign(list, { changed: new Signal(list) });
  render(<ComputeList model={list as unknown as ListModel<Compute>} />);
}

it('says how busy a target is, and how one with containers is used', () => {
  show({ queued: 3 }, { name: 'docker', takes: 'image', running: 0 });
  expect(screen.getByText('1 of 2 in use')).toBeTruthy();
  expect(screen.getByText('3 queued')).toBeTruthy();
  expect(
    screen.getByText('Runs in containers: %%submit -c docker -E sklearn')
  ).toBeTruthy();
});

it('says why a target cannot be used, and not how', () => {
  const note = 'The Docker engine does not answer.';
  show({ name: 'docker', takes: 'image', ready: false, note });
  expect(screen.getByText('not ready')).toBeTruthy();
  expect(screen.getByText(note)).toBeTruthy();
  expect(screen.getByRole('img', { name: 'Warning' })).toBeTruthy();
  expect(screen.queryByText(/Runs in containers/)).toBeNull();
});

it('says that a target is paused, and what waits there', () => {
  show({ paused: true, queued: 2 });
  expect(screen.getByText('paused')).toBeTruthy();
  expect(screen.getByText('2 queued')).toBeTruthy();
});
