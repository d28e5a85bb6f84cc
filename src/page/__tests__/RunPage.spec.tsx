import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import * as React from 'react';

import {
  connect,
  FakeServer,
  IEvents,
  makeRun,
  WORKSPACE
} from '../../__tests__/server';
import { LocksModel } from '../../environments/model';
import { RunPageModel } from '../model';
import { RunPage } from '../RunPage';

const RUN = makeRun(1, {
  status: 'Completed',
  child_count: 2,
  children_ended: 2,
  snapshot_id: 's1'
});
const OTHER = makeRun(9, { status: 'Completed', snapshot_id: 's2' });
const AT = `GET ${WORKSPACE}/runs/${RUN.id}`;

const entry = (path: string, digest: string) => ({
  path,
  mode: 420,
  size_bytes: 10,
  digest
});
const bytes = (text: string) => ({
  bytes: new TextEncoder().encode(text).slice().buffer as ArrayBuffer
});

describe('RunPage', () => {
  let events: IEvents;
  let model: RunPageModel;
  let locks: LocksModel;
  const opened: string[] = [];

  beforeEach(() => {
    const server = new FakeServer();
    const empty = { json: { items: [], next_cursor: null } };
    server.on(AT, { json: RUN });
    server.on(`GET ${WORKSPACE}/runs/9`, { json: OTHER });
    server.on(`${AT}/files`, empty);
    server.on(`${AT}/typed`, empty);
    server.on(`GET ${WORKSPACE}/runs`, {
      json: {
        items: [
          makeRun(3, { parent_id: RUN.id, params: { rate: '2' } }),
          makeRun(2, { parent_id: RUN.id, params: { rate: '1' } })
        ],
        next_cursor: null
      }
    });
    server.on(`GET ${WORKSPACE}/snapshots/s1`, {
      json: { format: 1, entries: [entry('a.py', 'x'), entry('b.py', 'y')] }
    });
    server.on(`GET ${WORKSPACE}/snapshots/s2`, {
      json: { format: 1, entries: [entry('a.py', 'z'), entry('b.py', 'y')] }
    });
    server.on(`GET ${WORKSPACE}/snapshots/s1/file`, bytes('one\ntwo\n'));
    server.on(`GET ${WORKSPACE}/snapshots/s2/file`, bytes('one\n2\n'));
    events = connect(server, 'w1');
    model = new RunPageModel(events.connection, 'w1', RUN.id);
    model.active = true;
    locks = new LocksModel(events.connection);
    render(
      <RunPage
        model={model}
        locks={locks}
        onAction={() => undefined}
        onCopy={() => undefined}
        onCopyLink={() => undefined}
        onDownload={() => undefined}
        onOpenCell={() => undefined}
        onOpenRun={run => opened.push(run)}
        onReady={() => undefined}
      />
    );
  });

  afterEach(() => {
    model.dispose();
    locks.dispose();
    events.connection.dispose();
  });

  it('goes from tab to tab by the keyboard, and remembers which is in front', async () => {
    const tab = await screen.findByRole('tab', { name: 'Overview' });
    fireEvent.keyDown(tab, { key: 'ArrowLeft' });
    expect(model.tab).toBe('children');
    expect(screen.getByRole('tab', { selected: true }).textContent).toBe(
      'Children 2'
    );
    fireEvent.keyDown(tab, { key: 'Home' });
    expect(model.tab).toBe('overview');
  });

  it('shows the children among what came out, under a heading of the first rank', async () => {
    const main = await screen.findByRole('tabpanel');
    const heading = await screen.findByRole('heading', { name: 'Children' });
    expect(main.contains(heading)).toBe(true);
    expect(heading.tagName).toBe('H3');
    expect(await screen.findByRole('button', { name: /#2/ })).toBeTruthy();
  });

  it('lists children in the order of their numbers, with what differs', async () => {
    fireEvent.click(await screen.findByRole('tab', { name: 'Children 2' }));
    await screen.findByText('rate');
    const rows = screen.getAllByRole('row').map(row => row.textContent);
    expect(rows[1]).toContain('#2');
    expect(rows[2]).toContain('#3');
    fireEvent.click(screen.getByRole('button', { name: /#2/ }));
    expect(opened).toEqual([makeRun(2).id]);
    const heading = screen.getByRole('button', { name: 'rate' });
    fireEvent.click(heading);
    fireEvent.click(heading);
    const [, first] = screen.getAllByRole('row');
    expect(first.textContent).toContain('#3');
    expect(
      screen.getByRole('columnheader', { name: 'rate' }).ariaSort ??
        heading.closest('th')?.getAttribute('aria-sort')
    ).toBe('descending');
  });

  it('shows the code, and what another run had otherwise', async () => {
    fireEvent.click(await screen.findByRole('tab', { name: 'Code' }));
    await screen.findByRole('button', { name: 'b.py' });
    await waitFor(() => expect(screen.getByText(/two/)).toBeTruthy());
    fireEvent.change(screen.getByLabelText('Compare with run'), {
      target: { value: '9' }
    });
    fireEvent.click(screen.getByRole('button', { name: 'Compare' }));
    expect(await screen.findByText('− 2')).toBeTruthy();
    expect(screen.getByText('+ two')).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'b.py' })).toBeNull();
    expect(screen.getByText('differs')).toBeTruthy();
  });
});
