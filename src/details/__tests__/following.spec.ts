import { Signal } from '@lumino/signaling';

import { until } from '../../__tests__/server';
import { FollowedRun, IRunRef, IRunSource } from '../following';

class Pointer implements IRunSource {
  ref: IRunRef | null = null;
  readonly changed = new Signal<this, void>(this);

  point(run: string | null): void {
    this.ref = run === null ? null : { workspace: 'w', run };
    this.changed.emit();
  }
}

describe('FollowedRun', () => {
  let selection: Pointer;
  let cell: Pointer;
  let followed: FollowedRun;
  const shown = () => followed.ref?.run ?? null;
  const calm = () => new Promise(resolve => setTimeout(resolve, 250));

  beforeEach(() => {
    selection = new Pointer();
    cell = new Pointer();
    selection.point('a');
    followed = new FollowedRun(selection, cell);
  });

  afterEach(() => followed.dispose());

  it('shows what was pointed at last', async () => {
    expect(shown()).toBe('a');
    cell.point('b');
    await until(() => shown() === 'b');
    selection.point('c');
    await until(() => shown() === 'c');
  });

  it('stays when the next cell has no run, and goes to the cell when nothing is selected', async () => {
    cell.point('b');
    await until(() => shown() === 'b');
    cell.point(null);
    await calm();
    expect(shown()).toBe('b');
    cell.point('d');
    selection.point(null);
    await until(() => shown() === 'd');
    cell.point(null);
    selection.point(null);
    await until(() => shown() === null);
  });

  it('reads few runs while somebody goes through many', async () => {
    const seen: (string | null)[] = [];
    followed.changed.connect(() => seen.push(shown()));
    for (let i = 0; i < 50; i++) {
      selection.point(`${i}`);
    }
    await until(() => shown() === '49');
    expect(seen.length).toBeLessThan(4);
  });

  it('stays pinned, and follows from what is pointed at when it is not', async () => {
    followed.isPinned = true;
    selection.point('b');
    await calm();
    expect(shown()).toBe('a');
    followed.isPinned = false;
    await until(() => shown() === 'b');
  });

  it('stays while somebody types, and goes on afterwards', async () => {
    followed.isTyping = true;
    selection.point('b');
    await calm();
    expect(shown()).toBe('a');
    followed.isTyping = false;
    await until(() => shown() === 'b');
  });

  it('shows at once what it is told to, pinned or not', () => {
    followed.isPinned = true;
    followed.show({ workspace: 'w', run: 'x' });
    expect(shown()).toBe('x');
    expect(followed.isPinned).toBe(true);
    followed.show({ workspace: 'w', run: 'y' }, false);
    expect(followed.isPinned).toBe(false);
  });
});
