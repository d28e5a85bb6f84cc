import { ServerConnection } from '@jupyterlab/services';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { Signal } from '@lumino/signaling';

import { Pins, PINS } from '../pins';

/** The settings file on the server. */
class File {
  runs: Record<string, string[]> = {};
  isDown = false;
  isReadOnly = false;
}

/** What a window knows of the file: what it said when it was read last, as in JupyterLab. */
class Registry {
  constructor(private readonly _file: File) {}

  async load(plugin: string): Promise<ISettingRegistry.ISettings> {
    expect(plugin).toBe(PINS);
    await this._fetch();
    this._settings.changed = this._changed;
    return this._settings as never;
  }

  async reload(plugin: string): Promise<ISettingRegistry.ISettings> {
    this.reloads++;
    const settings = await this.load(plugin);
    this._changed.emit(undefined);
    return settings;
  }

  reloads = 0;

  private async _fetch(): Promise<void> {
    await Promise.resolve();
    if (this._file.isDown) {
      throw new Error('down');
    }
    this._settings.composite = { runs: structuredCloneOf(this._file.runs) };
  }

  private _settings = {
    changed: undefined as unknown,
    composite: {} as Record<string, unknown>,
    set: async (_: string, value: Record<string, string[]>) => {
      await Promise.resolve();
      if (this._file.isReadOnly) {
        throw new ServerConnection.ResponseError(
          { status: 403, statusText: 'Forbidden' } as Response,
          'read-only'
        );
      }
      this._file.runs = structuredCloneOf(value);
      await this._fetch();
      this._changed.emit(undefined);
    }
  };
  private _changed = new Signal<object, undefined>(this._settings);
}

function structuredCloneOf<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** The channel of windows of one origin. */
class Channel {
  static all: Channel[] = [];
  onmessage: (() => void) | null = null;

  constructor(readonly name: string) {
    Channel.all.push(this);
  }

  postMessage(): void {
    Channel.all
      .filter(it => it !== this && it.name === this.name)
      .forEach(it => it.onmessage?.());
  }
}

async function settled(): Promise<void> {
  for (let i = 0; i < 30; i++) {
    await Promise.resolve();
  }
}

describe('Pins', () => {
  let file: File;
  const refused = jest.fn();

  async function open(): Promise<Pins> {
    const pins = new Pins(window, refused);
    await pins.follow(new Registry(file));
    return pins;
  }

  beforeEach(() => {
    file = new File();
    refused.mockClear();
    Channel.all = [];
    (globalThis as unknown as Record<string, unknown>).BroadcastChannel =
      Channel;
  });

  afterEach(() => {
    delete (globalThis as unknown as Record<string, unknown>).BroadcastChannel;
  });

  it('shows in every window what is pinned in one', async () => {
    const [here, there] = [await open(), await open()];
    const told = jest.fn();
    there.changed.connect(told);
    here.set('w', ['r1']);
    expect(here.of('w')).toEqual(['r1']);
    await settled();
    expect(there.of('w')).toEqual(['r1']);
    expect(told).toHaveBeenCalled();
    there.set('w', []);
    await settled();
    expect(here.of('w')).toEqual([]);
    expect(file.runs).toEqual({});
  });

  it('takes nothing away from what was pinned in another browser', async () => {
    const here = await open();
    file.runs = { w: ['r1', 'r2'], other: ['r9'] };
    here.set('w', ['r3']);
    here.set('w', ['r3', 'r4']);
    await settled();
    expect(file.runs).toEqual({
      w: ['r1', 'r2', 'r3', 'r4'],
      other: ['r9']
    });
    expect(here.of('w')).toEqual(['r1', 'r2', 'r3', 'r4']);
    here.set('w', ['r1', 'r4']);
    await settled();
    expect(file.runs.w).toEqual(['r1', 'r4']);
  });

  it('reads them again when somebody comes back to the window', async () => {
    const here = await open();
    file.runs = { w: ['r1'] };
    document.dispatchEvent(new Event('visibilitychange'));
    await settled();
    expect(here.of('w')).toEqual(['r1']);
  });

  it('keeps what nobody could store, and stores it with what comes next', async () => {
    const here = await open();
    file.isDown = true;
    here.set('w', ['r1']);
    await settled();
    expect(here.of('w')).toEqual(['r1']);
    file.isDown = false;
    here.set('w', ['r1', 'r2']);
    await settled();
    expect(file.runs).toEqual({ w: ['r1', 'r2'] });
  });

  it('stores it also when somebody comes back to the window', async () => {
    const here = await open();
    file.isDown = true;
    here.set('w', ['r1']);
    await settled();
    file.isDown = false;
    document.dispatchEvent(new Event('visibilitychange'));
    await settled();
    expect(file.runs).toEqual({ w: ['r1'] });
    expect(refused).not.toHaveBeenCalled();
  });

  it('says once that nothing can be stored', async () => {
    const here = await open();
    file.isReadOnly = true;
    here.set('w', ['r1']);
    here.set('w', ['r1', 'r2']);
    await settled();
    expect(here.of('w')).toEqual(['r1', 'r2']);
    expect(refused).toHaveBeenCalledTimes(1);
  });

  it('keeps what was pinned while the file was just being read', async () => {
    const here = await open();
    const seen: number[] = [];
    here.changed.connect(() => seen.push(here.of('w').length));
    document.dispatchEvent(new Event('visibilitychange'));
    here.set('w', ['r1']);
    document.dispatchEvent(new Event('visibilitychange'));
    await settled();
    expect(file.runs).toEqual({ w: ['r1'] });
    expect(seen.lastIndexOf(0)).toBeLessThan(seen.indexOf(1));
  });

  it('stores what was pinned before the settings were there', async () => {
    const pins = new Pins();
    pins.set('w', ['r1']);
    await pins.follow(new Registry(file));
    await settled();
    expect(file.runs).toEqual({ w: ['r1'] });
  });

  it('keeps the last fifty of a workspace', async () => {
    const here = await open();
    here.set(
      'w',
      Array.from({ length: 60 }, (_, i) => `r${i}`)
    );
    await settled();
    expect(file.runs.w).toHaveLength(50);
    expect(file.runs.w[49]).toBe('r59');
  });
});
