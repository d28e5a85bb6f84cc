import { act, fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import { serveRuns } from '../../__tests__/lines';
import {
  connected,
  FakeServer,
  IEvents,
  makeMetric,
  makeRun,
  until
} from '../../__tests__/server';
import { Run } from '../../api';
import { Bests } from '../bests';
import { RunListModel } from '../model';
import { RunList } from '../RunList';
import { failureWord } from '../RunRow';
import { Sparklines } from '../sparklines';

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
  let opened: string[];
  let deletions: number;
  let bests: Bests;
  let sparklines: Sparklines;

  beforeEach(() => {
    server = new FakeServer();
    cancelled = [];
    opened = [];
    deletions = 0;
  });

  afterEach(() => {
    bests.dispose();
    sparklines.dispose();
    model.dispose();
    events.connection.dispose();
  });

  async function show(runs: Run[], children: Run[] = []): Promise<void> {
    serveRuns(server, () => [...runs, ...children]);
    events = await connected(server);
    model = new RunListModel(events.connection);
    model.active = true;
    await until(() => model.isLoaded);
    bests = new Bests(events.connection);
    sparklines = new Sparklines(events.connection);
    render(
      <RunList
        model={model}
        sparklines={sparklines}
        bests={bests}
        onCancel={id => cancelled.push(id)}
        onOpen={id => opened.push(id)}
        onDelete={() => (deletions += 1)}
        empty={() => <p>nothing</p>}
      />
    );
  }

  const press = (key: string, held: { [name: string]: boolean } = {}) =>
    act(() => {
      fireEvent.keyDown(screen.getByRole('tree'), { key, ...held });
    });
  const selection = () => model.selection.map(id => model.find(id)?.number);

  it('shows of a sweep what its best child has', async () => {
    const sweep = makeRun(1, { child_count: 2, children_ended: 2 });
    const children = [0.5, 0.75].map((last, i) =>
      makeRun(2 + i, {
        parent_id: sweep.id,
        status: 'Completed',
        metrics: [makeMetric('acc', { last })]
      })
    );
    await show([sweep], children);
    await until(() => bests.get(sweep.id) !== null);
    const value = await screen.findByText('0.7500');
    expect(value.title).toBe('best acc 0.7500, of #3');
    const line = screen.getByRole('treeitem');
    expect(line.getAttribute('aria-label')).toContain('best acc 0.7500, of #3');
  });

  it('keeps few lines in the page however many runs there are', async () => {
    await show(Array.from({ length: 10000 }, (_, i) => makeRun(10000 - i)));
    const lines = screen.getAllByRole('treeitem');
    expect(lines.length).toBeLessThan(200);
    expect(lines[0].getAttribute('aria-setsize')).toBe('10000');
    press('End');
    await act(() => until(() => model.listed === 10000));
    await act(() => until(() => model.selected === makeRun(1).id));
    const current = document.getElementById(
      screen.getByRole('tree').getAttribute('aria-activedescendant')!
    );
    expect(current?.getAttribute('aria-posinset')).toBe('10000');
    expect(screen.getAllByRole('treeitem').length).toBeLessThan(200);
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

  it('selects several by Shift, Ctrl and Space', async () => {
    await show([5, 4, 3, 2, 1].map(number => makeRun(number)));
    press('ArrowDown', { shiftKey: true });
    press('ArrowDown', { shiftKey: true });
    expect(selection()).toEqual([5, 4, 3]);
    press('ArrowDown', { ctrlKey: true });
    expect(selection()).toEqual([5, 4, 3]);
    press(' ');
    expect(selection()).toEqual([5, 4, 3, 2]);
    expect(model.selected).toBe(makeRun(2).id);
    fireEvent.click(screen.getByText('#4'), { ctrlKey: true });
    expect(selection()).toEqual([5, 3, 2]);
    fireEvent.click(screen.getByText('#1'), { shiftKey: true });
    expect(selection()).toEqual([4, 3, 2, 1]);
    const tree = screen.getByRole('tree');
    expect(tree.getAttribute('aria-multiselectable')).toBe('true');
    const chosen = screen
      .getAllByRole('treeitem')
      .filter(it => it.getAttribute('aria-selected') === 'true');
    expect(chosen).toHaveLength(4);
    press('Delete');
    expect(deletions).toBe(1);
    press('Escape');
    expect(selection()).toEqual([1]);
    press('a', { ctrlKey: true });
    await act(() => until(() => model.selection.length === 5));
  });

  it('goes to the run whose number or name is typed', async () => {
    await show([
      makeRun(31, { display_name: 'best one' }),
      makeRun(12, { display_name: 'bench' }),
      makeRun(2),
      makeRun(1)
    ]);
    for (const letter of '12') {
      press(letter);
    }
    expect(model.selected).toBe(makeRun(12).id);
    await new Promise(resolve => setTimeout(resolve, 750));
    for (const letter of 'best ') {
      press(letter);
    }
    expect(model.selected).toBe(makeRun(31).id);
    expect(selection()).toEqual([31]);
    press('Enter');
    expect(opened).toEqual([makeRun(31).id]);
  });

  it('offers on the line under the pointer to cancel, pin and open', async () => {
    await show([makeRun(2), makeRun(1, { status: 'Completed' })]);
    fireEvent.click(screen.getByText('#1'));
    expect(model.selected).toBe(makeRun(1).id);
    fireEvent.pointerOver(screen.getByText('#2'));
    fireEvent.click(screen.getByRole('button', { name: 'Cancel run 2' }));
    fireEvent.click(screen.getByRole('button', { name: 'Open run 2' }));
    expect(cancelled).toEqual([makeRun(2).id]);
    expect(opened).toEqual([makeRun(2).id]);
    expect(model.selected).toBe(makeRun(1).id);
    expect(screen.queryByRole('button', { name: 'Cancel run 1' })).toBeNull();
    expect(screen.getByRole('button', { name: /^Pin run 2/ })).toBeTruthy();
  });

  it('says whose run it is, and why somebody else cannot cancel it', async () => {
    await show([makeRun(1, { user: 'bob' })]);
    expect(screen.getByText('bob')).toBeTruthy();
    const [line] = screen.getAllByRole('treeitem');
    expect(line.getAttribute('aria-label')).toContain('by bob, from a.ipynb');
    const button = screen.getByRole('button', { name: 'Cancel run 1' });
    expect(button.getAttribute('aria-disabled')).toBe('true');
    expect(button.title).toBe('Run 1 is of bob, who can cancel it.');
    fireEvent.click(button);
    expect(cancelled).toEqual([]);
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
