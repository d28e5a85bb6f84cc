import { Signal } from '@lumino/signaling';
import { act, fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import { ApiError, Environment } from '../../api';
import { ListModel } from '../../model/list';
import { EnvironmentList } from '../EnvironmentList';
import { groupByName, IEnvironmentEntry, ILocks, LocksModel } from '../model';
import { idOf } from '../packages';
import { makeBuilt, makeEnvironment } from './support';

const lock = (digest: string, text: string) => ({
  system: 'linux-x86_64',
  python: '3.11',
  digest,
  text
});

describe('EnvironmentList', () => {
  const actions = {
    onFirstLook: jest.fn(async () => undefined),
    onBuild: jest.fn(async () => undefined),
    onCopy: jest.fn()
  };
  const known = new Map<string, ILocks>();
  const locks = {
    get: (it: Environment) =>
      known.get(idOf(it)) ?? { locks: null, error: null, busy: false },
    read: jest.fn(async () => undefined),
    resolve: jest.fn(async () => undefined)
  };
  Object.assign(locks, { changed: new Signal(locks) });

  afterEach(() => {
    jest.clearAllMocks();
    known.clear();
  });

  function show(
    versions: Environment[],
    built = [makeBuilt()],
    error: ApiError | null = null
  ): HTMLElement {
    const list = { items: groupByName(versions, built), error };
    Object.assign(list, { changed: new Signal(list) });
    return render(
      <EnvironmentList
        model={list as unknown as ListModel<IEnvironmentEntry>}
        locks={locks as unknown as LocksModel}
        actions={actions}
      />
    ).container;
  }

  function open(page: HTMLElement, name: string): HTMLElement {
    const details = page.querySelector<HTMLDetailsElement>(
      `[data-environment="${name}"]`
    )!;
    details.open = true;
    fireEvent(details, new Event('toggle'));
    return details;
  }

  it('teaches where there is none, and lists what is shipped', () => {
    const page = show([]);
    expect(page.textContent).toContain('None of your own yet');
    expect(screen.getByText('sklearn')).toBeTruthy();
    open(page, 'sklearn');
    expect(actions.onFirstLook).toHaveBeenCalledWith('sklearn');
  });

  it('says what is wrong', () => {
    show([], [], new ApiError('forbidden', 'You may not.', 'Ask the owner.'));
    expect(screen.getByText('You may not. Ask the owner.')).toBeTruthy();
  });

  it('opens to what a version asks for, whether it is built, and its packages', () => {
    const two = makeEnvironment('small', 2, { packages: ['six>=1.17'] }, [
      'stable'
    ]);
    known.set('small:2', {
      locks: [lock('a1b2c3d4e5f6a7', 'six==1.17.0\n')],
      error: null,
      busy: false
    });
    const page = show([two], [makeBuilt('small:2')]);
    expect(screen.getByText('stable')).toBeTruthy();
    const small = open(page, 'small');
    expect(small.textContent).toContain('six>=1.17');
    expect(small.textContent).toContain('Built on the server');
    expect(screen.getByText('1.17.0')).toBeTruthy();
    fireEvent.click(screen.getByText('a1b2c3d4e5f6'));
    expect(actions.onCopy).toHaveBeenCalledWith('a1b2c3d4e5f6a7');
    fireEvent.click(screen.getByText('Copy'));
    expect(actions.onCopy).toHaveBeenCalledWith('%%submit -E small:2');
  });

  it('is resolved and built at a word', async () => {
    const page = show([makeEnvironment('small', 1)]);
    open(page, 'small');
    expect(locks.read).toHaveBeenCalled();
    fireEvent.click(screen.getByText('Resolve now'));
    expect(locks.resolve).toHaveBeenCalledTimes(1);
    await act(async () => {
      fireEvent.click(screen.getByText('Build now'));
    });
    expect(actions.onBuild).toHaveBeenCalledTimes(1);
  });

  it('compares a version with another, in what is asked for and exactly', () => {
    const versions = [1, 2].map(version =>
      makeEnvironment('small', version, { packages: [`six==1.1${version}`] })
    );
    for (const version of [1, 2]) {
      known.set(`small:${version}`, {
        locks: [lock('x', `six==1.1${version}.0\n`)],
        error: null,
        busy: false
      });
    }
    const page = show(versions);
    open(page, 'small');
    fireEvent.change(
      screen.getByRole('combobox', { name: 'Compare small:2 with' }),
      { target: { value: '1' } }
    );
    const rows = (name: string) =>
      [...screen.getByRole('group', { name }).querySelectorAll('tbody tr')].map(
        row => row.textContent
      );
    expect(rows('What they ask for differently')).toEqual([
      'sixsix==1.11six==1.12'
    ]);
    expect(rows('Exact packages that differ')).toEqual(['six1.11.01.12.0']);
  });

  it('says that an image is taken as it is, and shows its Dockerfile', () => {
    const image = makeEnvironment('img', 1, {
      kind: 'user_managed',
      dockerfile: 'FROM scratch'
    });
    const page = show([image]);
    const line = open(page, 'img');
    expect(line.textContent).toContain('docker');
    expect(screen.getByLabelText('Dockerfile').textContent).toBe(
      'FROM scratch'
    );
    expect(line.textContent).not.toContain('Build now');
  });
});
