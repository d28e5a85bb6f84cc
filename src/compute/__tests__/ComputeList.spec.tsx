import { act, fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import { makeCompute } from '../../__tests__/compute';
import {
  connect,
  connected,
  FakeServer,
  until,
  WORKSPACE
} from '../../__tests__/server';
import { Compute, ComputeLoad, WaitingRun } from '../../api';
import { ComputeList } from '../ComputeList';
import { ComputeModel } from '../model';

const AT = `GET ${WORKSPACE}/compute`;

function makeWaiting(number: number, facts: Partial<WaitingRun>): WaitingRun {
  return {
    id: `digits_1_${number}`,
    number,
    experiment: 'digits',
    display_name: '',
    status: 'Queued',
    user: 'ada',
    created_at: '2026-01-31T12:00:00Z',
    started_at: null,
    behind: null,
    waiting_for: '',
    ...facts
  };
}

const LOAD: ComputeLoad = {
  name: 'local',
  cpus: 8,
  cpu_percent: 34.4,
  memory_used_bytes: 4e9,
  memory_total_bytes: 8e9,
  gpus: [
    {
      index: 0,
      name: 'A100 <b>',
      percent: 95,
      memory_used_bytes: 1e9,
      memory_total_bytes: 4e10
    }
  ]
};

describe('ComputeList', () => {
  let server: FakeServer;
  let events: ReturnType<typeof connect>;
  let model: ComputeModel;
  let items: Compute[];
  const opened: string[] = [];

  beforeEach(async () => {
    opened.length = 0;
    server = new FakeServer();
    items = [makeCompute()];
    server.on(AT, () => ({ json: { items, next_cursor: null } }));
    for (const name of ['local', 'docker']) {
      server.on(`${AT}/${name}/queue`, {
        json: { name, running: [], waiting: [], more: 0 }
      });
    }
    server.on(`${AT}/local/load`, { json: LOAD });
    events = await connected(server);
    model = new ComputeModel(events.connection);
  });

  afterEach(() => {
    model.dispose();
    events.connection.dispose();
  });

  const look = async (...listed: Compute[]) => {
    items = listed;
    model.active = true;
    render(<ComputeList model={model} onOpenRun={run => opened.push(run)} />);
    await act(() => until(() => model.targets.length === listed.length));
  };

  it('says that there is no target when that is known, and not before', async () => {
    items = [];
    render(<ComputeList model={model} onOpenRun={() => undefined} />);
    const list = screen.getByRole('group', { name: 'Compute' });
    expect(list.textContent).toBe('');
    expect(list.getAttribute('aria-busy')).toBe('true');
    model.active = true;
    await act(() => until(() => model.isLoaded));
    expect(list.textContent).toBe('No compute targets.');
    expect(list.getAttribute('aria-busy')).toBe('false');
  });

  it('says how busy a target is, and how one with containers is used', async () => {
    await look(
      makeCompute({ queued: 3 }),
      makeCompute({ name: 'docker', takes: 'image', running: 0 })
    );
    expect(screen.getByText('1 of 2 in use')).toBeTruthy();
    expect(screen.getByText('3 queued')).toBeTruthy();
    expect(
      screen.getByText('Runs in containers: %%submit -c docker -E sklearn')
    ).toBeTruthy();
  });

  it('says why a target cannot be used, and not how', async () => {
    const note = 'The Docker engine does not answer.';
    await look(
      makeCompute({
        name: 'docker',
        takes: 'image',
        ready: false,
        note,
        running: 0
      })
    );
    expect(screen.getByText('not ready')).toBeTruthy();
    expect(screen.getByText(note)).toBeTruthy();
    expect(screen.getByRole('img', { name: 'Warning' })).toBeTruthy();
    expect(screen.queryByText(/Runs in containers/)).toBeNull();
    expect(screen.queryByRole('button')).toBeNull();
  });

  it('lists who is on it and who waits behind whom, and opens them', async () => {
    server.on(`${AT}/local/queue`, {
      json: {
        name: 'local',
        running: [
          makeWaiting(11, {
            status: 'Running',
            started_at: new Date(Date.now() - 64500).toISOString()
          })
        ],
        waiting: [
          makeWaiting(12, { waiting_for: 'behind #11 on local' }),
          makeWaiting(13, { behind: 12, display_name: '<i>x</i>\u202e' })
        ],
        more: 40
      }
    });
    await look(makeCompute({ queued: 2 }));
    const lines = screen.getAllByRole('listitem').map(it => it.textContent);
    expect(lines.slice(1)).toEqual([
      'Running#11 digits1:04',
      'Queued#12 digitsbehind #11 on local',
      'Queued#13 <i>x</i>\\u202ebehind #12',
      'and 40 more'
    ]);
    fireEvent.click(screen.getByTitle('Open run #12, of ada'));
    expect(opened).toEqual(['digits_1_12']);
  });

  it('shows meters as long as somebody looks', async () => {
    await look(makeCompute({ has_load: true }));
    await act(() => until(() => model.loadOf('local') !== null));
    const meters = screen
      .getAllByRole('meter')
      .map(
        it =>
          `${it.getAttribute('aria-label')} ${it.ariaValueText ?? it.getAttribute('aria-valuetext')}`
      );
    expect(meters).toEqual([
      'CPU 34 %',
      'Memory 4.0 GB',
      'GPU 0 95 %',
      'GPU 0 memory 1.0 GB'
    ]);
    const before = server.requests.length;
    act(() => {
      model.active = false;
    });
    events.tell(11, { kind: 'run', subject: 'r' });
    await new Promise(resolve => setTimeout(resolve, 50));
    const asked = server.requests.slice(before).map(it => it.path);
    expect(asked.filter(it => it.includes('compute'))).toEqual([]);
    expect(model.loadOf('local')).toBeNull();
  });

  it('pauses at once, says what that means, and takes it back', async () => {
    await look(makeCompute({ running: 0 }));
    const route = (verb: string) => `POST ${WORKSPACE}/compute/local/${verb}`;
    const put = (paused: boolean) => () => {
      items = [makeCompute({ running: 0, paused })];
      return { json: items[0] };
    };
    server.on(route('pause'), put(true)).on(route('resume'), put(false));
    fireEvent.click(screen.getByRole('button', { name: 'Pause' }));
    expect(screen.getByText('paused')).toBeTruthy();
    expect(screen.getByRole('status').textContent).toContain(
      'what runs goes on'
    );
    await act(() => until(() => server.asked(AT).length > 1));
    expect(screen.getByRole('button', { name: 'Resume' })).toBeTruthy();
    await act(async () => {
      fireEvent.click(screen.getByRole('button', { name: 'Undo' }));
      await until(() => server.asked(route('resume')).length === 1);
    });
    await act(() => until(() => model.switched === null));
    expect(screen.queryByText('paused')).toBeNull();
    expect(screen.queryByRole('status')).toBeNull();
  });

  it('takes a pause back that the server refuses, and says why', async () => {
    await look(makeCompute({ running: 0 }));
    server.on(`POST ${WORKSPACE}/compute/local/pause`, {
      json: { code: 'forbidden', message: 'You may not <b>.', hint: '' },
      status: 403
    });
    await act(async () => {
      fireEvent.click(screen.getByRole('button', { name: 'Pause' }));
      await until(() => model.error !== null && model.switched === null);
    });
    await act(() => until(() => !model.targets[0].paused));
    expect(screen.getByRole('status').textContent).toBe('You may not <b>.');
    expect(screen.queryByText('paused')).toBeNull();
  });
});
