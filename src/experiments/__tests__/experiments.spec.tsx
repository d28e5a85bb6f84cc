import { act, fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import { until } from '../../__tests__/server';
import { ExperimentList } from '../ExperimentList';
import { LIST, makeExperiment, Place } from './support';

let place: Place;

beforeEach(async () => {
  place = await Place.make();
});

afterEach(() => {
  place.dispose();
});

const names = () => place.model.items.map(it => it.name);

describe('ExperimentsModel', () => {
  it('sleeps until it is looked at', () => {
    place.events.tell(11, { kind: 'experiment', subject: 'digits' });
    expect(place.server.asked(`GET ${LIST}`)).toEqual([]);
  });

  it('finds names, descriptions and tags, and what is archived on request', async () => {
    await place.wake();
    expect(names()).toEqual(['vision', 'digits']);
    expect([place.model.count, place.model.archivedCount]).toEqual([2, 1]);
    for (const [text, found] of [
      ['DIG', ['digits']],
      ['baseline', ['digits']],
      [' ada ', ['vision']],
      ['old', []]
    ] as const) {
      place.model.typed = text;
      expect(names()).toEqual(found);
    }
    place.model.withArchived = true;
    expect(names()).toEqual(['old']);
  });

  it('lists the runs of one, and then again what was listed before', async () => {
    await place.wake();
    expect(place.runs.scope).toBe('document');
    place.model.show('digits');
    expect([place.runs.scope, place.runs.search]).toEqual([
      'all',
      "experiment = 'digits'"
    ]);
    expect(place.runs.listing.filter).toBe("experiment = 'digits'");
    expect(place.model.isShown('digits')).toBe(true);
    place.model.show('vision');
    expect(place.model.isShown('digits')).toBe(false);
    place.model.leave('digits');
    expect(place.model.isShown('vision')).toBe(true);
    place.model.leave('vision');
    expect([place.runs.scope, place.runs.search]).toEqual(['document', '']);
  });

  it('is told when something else is looked for, and not of each run', async () => {
    await place.wake();
    place.model.show('digits');
    let told = 0;
    place.model.changed.connect(() => told++);
    place.runs.toggle('digits_1_1');
    expect(told).toBe(0);
    place.runs.search = 'lr';
    expect(told).toBe(1);
    expect(place.model.isShown('digits')).toBe(false);
  });

  it('counts anew when an experiment has more runs', async () => {
    await place.wake();
    place.experiments = [makeExperiment('digits', { run_count: 2 })];
    place.events.tell(11, { kind: 'experiment', subject: 'digits' });
    await until(() => place.model.items.length === 1);
    expect(place.model.items[0].run_count).toBe(2);
  });
});

describe('ExperimentList', () => {
  const actions = {
    onShow: jest.fn((name: string) => place.model.show(name)),
    onDescribe: jest.fn(),
    onArchive: jest.fn(),
    onDelete: jest.fn()
  };

  async function show(): Promise<void> {
    await place.wake();
    render(<ExperimentList model={place.model} actions={actions} />);
  }

  const button = (name: string | RegExp) =>
    screen.getByRole('button', { name });

  it('says what an experiment is where there is none', async () => {
    place.experiments = [];
    await show();
    expect(screen.getByText(/group of runs with one aim/)).toBeTruthy();
  });

  it('says what is wrong, and keeps what is there', async () => {
    await show();
    place.server.on(`GET ${LIST}`, {
      json: { code: 'corrupt', message: 'It is broken.', hint: 'Mend it.' },
      status: 500
    });
    await act(async () => {
      place.model.refresh();
      await until(() => place.model.error !== null);
    });
    expect(screen.getByText('It is broken. Mend it.')).toBeTruthy();
    expect(screen.getByText('digits')).toBeTruthy();
  });

  it('presses the one whose runs are listed', async () => {
    await show();
    const digits = button('digits 1 run');
    expect(digits.getAttribute('aria-pressed')).toBe('false');
    fireEvent.click(digits);
    expect(actions.onShow).toHaveBeenCalledWith('digits');
    expect(digits.getAttribute('aria-pressed')).toBe('true');
    fireEvent.click(digits);
    expect(digits.getAttribute('aria-pressed')).toBe('false');
  });

  it('goes from name to name by arrows, and one of them is reached by Tab', async () => {
    await show();
    const vision = button('vision 3 runs');
    const digits = button('digits 1 run');
    expect([vision.tabIndex, digits.tabIndex]).toEqual([0, -1]);
    act(() => vision.focus());
    fireEvent.keyDown(vision, { key: 'ArrowDown' });
    expect(document.activeElement).toBe(digits);
    expect([vision.tabIndex, digits.tabIndex]).toEqual([-1, 0]);
    fireEvent.keyDown(digits, { key: 'ArrowDown' });
    expect(document.activeElement).toBe(digits);
    fireEvent.keyDown(digits, { key: 'Home' });
    expect(document.activeElement).toBe(vision);
  });

  it('opens what is known of one, and what can be done about it', async () => {
    await show();
    expect(screen.getByText('Baselines.')).toBeTruthy();
    fireEvent.click(button('About digits'));
    expect(button('About digits').getAttribute('aria-expanded')).toBe('true');
    expect(screen.getByText(/All\./)).toBeTruthy();
    fireEvent.click(button('Describe…'));
    fireEvent.click(button('Archive'));
    fireEvent.click(button('Delete…'));
    const [, digits] = place.experiments;
    expect(actions.onDescribe).toHaveBeenCalledWith(digits);
    expect(actions.onArchive).toHaveBeenCalledWith(digits, true);
    expect(actions.onDelete).toHaveBeenCalledWith(digits);
  });

  it('shows what is archived on request, and how it comes back', async () => {
    await show();
    fireEvent.click(button('Show archived (1)'));
    fireEvent.click(button('About old'));
    fireEvent.click(button('Reactivate'));
    expect(actions.onArchive).toHaveBeenCalledWith(place.experiments[2], false);
    fireEvent.click(button('Hide what is archived'));
    expect(screen.queryByText('old')).toBeNull();
  });

  it('can be searched where it is long, and draws no more than somebody reads', async () => {
    place.experiments = Array.from({ length: 250 }, (_, i) =>
      makeExperiment(`e${i}`)
    );
    await show();
    const lines = () => document.querySelectorAll('li').length;
    expect(lines()).toBe(100);
    fireEvent.click(screen.getByText('Show more of 250'));
    expect(lines()).toBe(200);
    const box = screen.getByLabelText('Search experiments');
    fireEvent.change(box, { target: { value: 'e249' } });
    expect(lines()).toBe(1);
    fireEvent.change(box, { target: { value: 'none' } });
    expect(screen.getByText('No experiment is like that.')).toBeTruthy();
  });
});
