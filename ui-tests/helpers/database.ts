import { ChildProcessWithoutNullStreams, spawn } from 'child_process';
import { join } from 'path';
import { createInterface, Interface } from 'readline';

/**
 * A PostgreSQL server that a test may stop and start again; its database is empty.
 */
export class Postgres {
  /** A server of one's own; null where PostgreSQL is not installed and a person runs the tests. */
  static async start(): Promise<Postgres | null> {
    const postgres = new Postgres();
    const url = await postgres._answer();
    if (url !== null) {
      postgres.url = url;
      return postgres;
    }
    if (process.env.CI) {
      throw new Error(postgres._said);
    }
    console.log(`Not tested. ${postgres._said}`);
    return null;
  }

  private constructor() {
    const support = join(__dirname, '..', '..', 'tests', 'support');
    this._process = spawn('python', [join(__dirname, 'database.py')], {
      // PostgreSQL runs as another user, who cannot enter the folder of this run of the tests.
      env: { ...process.env, PYTHONPATH: support, TMPDIR: '/tmp' }
    });
    this._process.stderr.on('data', text => (this._said += text));
    this._lines = createInterface(this._process.stdout);
    this._next = this._lines[Symbol.asyncIterator]();
  }

  /** Its database, as `mlws init --database` takes it. */
  url = '';

  /** End it: connections are closed. */
  async stop(): Promise<void> {
    await this._do('stop');
  }

  /** Start it again, and wait until it answers. */
  async restart(): Promise<void> {
    await this._do('start');
  }

  /** End it, and remove all of it. */
  async close(): Promise<void> {
    const ended = new Promise(resolve => this._process.once('exit', resolve));
    this._process.stdin.end();
    await ended;
  }

  private async _do(word: string): Promise<void> {
    this._process.stdin.write(`${word}\n`);
    if ((await this._answer()) !== 'done') {
      throw new Error(`PostgreSQL did not ${word}: ${this._said}`);
    }
  }

  private async _answer(): Promise<string | null> {
    const { done, value } = await this._next.next();
    return done ? null : value;
  }

  private _lines: Interface;
  private _next: AsyncIterator<string>;
  private _process: ChildProcessWithoutNullStreams;
  private _said = '';
}
