import { act, fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import {
  connect,
  FakeServer,
  IEvents,
  makeRun,
  until,
  WORKSPACE
} from '../../__tests__/server';
import { Run } from '../../api';
import { RunListModel } from '../model';
import { RunList } from '../RunList';
import { failureWord } from '../RunRow';
import { Sparklines } from '../sparklines';

const LIST = `GET ${WORKSPACE}/runs`;

describe('failureWord', () => {
  const error = { code: 'script_failed', exit_code: 1, traceback: '' };
  it.each([
    ["ValueError: no such file: 'a'", null, 'ValueError'],
    ['sklearn.exceptions.NotFittedError: fit it', null, 'NotFittedError'],
    ['KeyboardInterrupt', null, 'KeyboardInterrupt'],
    ['The script was killed by SIGKILL.', 'SIGKILL', 'SIGKILL'],
    ['The script ended with exit code 3.', null, 'script_failed']
  ])('of %j is a word', (message, signal, word) => {
    expect(failureWord({ ...error, message, signal })).toBe(word);
  });
});

describe('RunList', () => {
  let server: FakeServer;
  let events: IEvents;
  let model: RunListModel;
  let cancelled: string[];
  let sparklines: Sparklines;

  beforeEach(() => {
    server = new FakeServer();
    cancelled = [];
  });

  afterEach(() => {
    sparklines.dispose();
    model.dispose();
    events.connection.dispose();
  });

  async function show(runs: Run[], children: Run[] = []): Promise<void> {
    server.on(LIST, ({ query }) => ({
      json: { items: query.parent ? children : runs, next_cursor: null }
    }));
    events = connect(server);
    events.connection.watch();
    await until(() => events.connection.state === 'connected');
    model = new RunListModel(events.connection);
    model.active = true;
    await until(() => model.isLoaded);
    sparklines = new Sparklines(events.connection);
    render(
      <RunList
        model={model}
        sparklines={sparklines}
        onCancel={id => cancelled.push(id)}
        onOpen={() => undefined}
        empty={() => <p>nothing</p>}
      />
    );
  }

  const press = (key: string) =>
    act(() => {
      fireEvent.keyDown(screen.getByRole('tree'), { key });
    });

  it('keeps few lines in the page however many runs there are', async () => {
    await show(Array.from({ length: 10000 }, (_, i) => makeRun(10000 - i)));
    const lines = screen.getAllByRole('treeitem');
    expect(lines.length).toBeLessThan(200);
    expect(lines[0].getAttribute('aria-setsize')).toBe('10000');
  });

  it('says what is missing when there is nothing', async () => {
    await show([]);
    expect(screen.getByText('nothing')).toBeTruthy();
  });

  it('moves the selection by keys', async () => {
    await show([makeRun(3), makeRun(2), makeRun(1)]);
    press('ArrowDown');
    expect(model.selected).toBe(makeRun(2).id);
    press('End');
    expect(model.selected).toBe(makeRun(1).id);
    press('Home');
    press('ArrowUp');
    expect(model.selected).toBe(makeRun(3).id);
    const tree = screen.getByRole('tree');
    const active = tree.getAttribute('aria-activedescendant') ?? '';
    expect(document.getElementById(active)?.getAttribute('aria-selected')).toBe(
      'true'
    );
  });

  it('opens and closes a sweep by keys', async () => {
    const parent = makeRun(2, { child_count: 1 });
    const child = makeRun(3, { parent_id: parent.id });
    await show([parent, makeRun(1)], [child]);
    press('ArrowRight');
    await act(() => until(() => model.rows.length === 3));
    press('ArrowRight');
    expect(model.selected).toBe(child.id);
    press('ArrowLeft');
    expect(model.selected).toBe(parent.id);
    press('ArrowLeft');
    expect(model.rows).toHaveLength(2);
  });

  it('selects by a click and offers to cancel what is live', async () => {
    await show([makeRun(2), makeRun(1, { status: 'Completed' })]);
    fireEvent.click(screen.getByText('#1'));
    expect(model.selected).toBe(makeRun(1).id);
    const buttons = screen.getAllByRole('button');
    expect(buttons).toHaveLength(1);
    fireEvent.click(buttons[0]);
    expect(cancelled).toEqual([makeRun(2).id]);
    expect(model.selected).toBe(makeRun(1).id);
  });

  it('says what live runs wait for, and with a sign what holds a started one up', async () => {
    const full = 'its disk is full: <b>/data</b>';
    await show([
      makeRun(3, { status: 'Queued', waiting_for: 'behind #2 on local' }),
      makeRun(2, { waiting_for: full }),
      makeRun(1, { status: 'Completed', waiting_for: 'nothing' })
    ]);
    const [queued, running, ended] = screen.getAllByRole('treeitem');
    expect(queued.textContent).toContain('behind #2 on local');
    expect(queued.getAttribute('aria-label')).toContain('behind #2 on local');
    expect(running.textContent).toContain(full);
    expect(screen.getAllByRole('img', { name: 'Warning' })).toHaveLength(1);
    expect(screen.getByTitle(full)).toBeTruthy();
    expect(ended.textContent).not.toContain('nothing');
    expect(parseInt(ended.style.height)).toBeLessThan(
      parseInt(queued.style.height)
    );
  });

  it('X01 X20 shows hostile names as text', async () => {
    const name = '<img src=x onerror="window.__xss=1">';
    await show([
      makeRun(2, { display_name: name, params: { [name]: name } }),
      makeRun(1, { display_name: 'run\u202etxt.exe', params: { a: '\u2066b' } })
    ]);
    const { body } = document;
    expect(body.querySelector('img')).toBeNull();
    expect(body.textContent).toContain(name);
    expect(body.textContent).toContain('run\\u202etxt.exe');
    expect(body.textContent).not.toMatch(/[\u202e\u2066]/);
  });
});
