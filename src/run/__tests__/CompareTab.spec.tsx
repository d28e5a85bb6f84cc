import { act, render, screen } from '@testing-library/react';
import * as React from 'react';

import {
  connect,
  FakeServer,
  IEvents,
  makeRun,
  WORKSPACE
} from '../../__tests__/server';
import { Reproducibility } from '../../api';
import { LocksModel } from '../../environments/model';
import { CompareTab } from '../CompareTab';
import { OtherRun } from '../other';

const [RUN, BEFORE] = [2, 1].map(number =>
  makeRun(number, { status: 'Completed', environment: 'kernel' })
);
/** For a busy machine. */
const PATIENT = { timeout: 10_000 };
const NOT_KNOWN = 'The exact packages of both are not known here.';

const recordOf = (environment: string): Reproducibility => ({
  can: true,
  reasons: [],
  secrets: [],
  environment,
  lock_digest: ''
});

describe('CompareTab', () => {
  let server: FakeServer;
  let events: IEvents;
  let other: OtherRun;
  let locks: LocksModel;

  const tab = (record: Reproducibility | null) => (
    <CompareTab
      connection={events.connection}
      run={RUN}
      record={record}
      other={other}
      locks={locks}
      onShowCode={() => undefined}
    />
  );
  const choose = (environment: string) => {
    const path = `GET ${WORKSPACE}/runs/${BEFORE.id}`;
    server
      .on(path, { json: BEFORE })
      .on(`${path}/reproducibility`, { json: recordOf(environment) });
    return act(() => other.choose(BEFORE.id));
  };

  beforeEach(() => {
    server = new FakeServer();
    events = connect(server, 'w1');
    other = new OtherRun(events.connection);
    locks = new LocksModel(events.connection);
  });

  afterEach(() => {
    locks.dispose();
    other.dispose();
    events.connection.dispose();
  });

  it('says that packages are not known when they are looked for no more', async () => {
    const { rerender } = render(tab(null));
    await choose('');
    expect(screen.getByText('Packages')).toBeTruthy();
    expect(screen.queryByText(NOT_KNOWN)).toBeNull();
    rerender(tab(recordOf('')));
    expect(screen.getByText(NOT_KNOWN)).toBeTruthy();
  });

  it('says nothing of packages while they are read, and then whether they are the same', async () => {
    server.on(`GET ${WORKSPACE}/environments/small/versions/1/locks`, {
      json: {
        items: [{ system: '', python: '', digest: '', text: 'six==1.17.0' }],
        next_cursor: null
      }
    });
    await choose('small:1');
    render(tab(recordOf('small:1')));
    expect(screen.queryByText(NOT_KNOWN)).toBeNull();
    expect(
      await screen.findByText('The same packages.', {}, PATIENT)
    ).toBeTruthy();
  });

  it('says that packages are not known where they cannot be read', async () => {
    await choose('gone:1');
    await act(async () => void render(tab(recordOf('gone:1'))));
    expect(await screen.findByText(NOT_KNOWN, {}, PATIENT)).toBeTruthy();
  });
});
