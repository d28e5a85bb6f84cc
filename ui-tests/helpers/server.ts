import { test as base } from '@jupyterlab/galata';
import { ChildProcess, execFile, spawn } from 'child_process';
import { mkdirSync, writeFileSync } from 'fs';
import { createServer } from 'net';
import { dirname, join } from 'path';
import { promisify } from 'util';

/** So long a busy machine may take to start a server. */
const START_MS = 60000;

/**
 * A Jupyter server that a test may kill and start again, at the same address and in the same folders.
 */
export class JupyterServer {
  /** A server on a free port of its own. */
  static async start(): Promise<JupyterServer> {
    const server = new JupyterServer(await freePort());
    await server.start();
    return server;
  }

  private constructor(private readonly _port: number) {
    this._root = join(process.env.HOME!, `notebooks-${_port}`);
    mkdirSync(this._root, { recursive: true });
  }

  get url(): string {
    return `http://127.0.0.1:${this._port}`;
  }

  /** Write a file below its root that its own API would not, such as a hidden one. */
  write(path: string, text: string): void {
    const file = join(this._root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  /** Do something in a folder below its root, as in a terminal, and give what it printed. */
  async command(
    folder: string,
    program: string,
    ...words: string[]
  ): Promise<string> {
    const cwd = join(this._root, folder);
    const { stdout } = await promisify(execFile)(program, words, { cwd });
    return stdout;
  }

  async start(): Promise<void> {
    this._process = spawn(
      'jupyter',
      ['lab', '--config', 'jupyter_server_test_config.py'],
      {
        cwd: join(__dirname, '..'),
        env: {
          ...process.env,
          MLWS_UI_PORT: String(this._port),
          JUPYTERLAB_GALATA_ROOT_DIR: this._root
        },
        stdio: 'ignore'
      }
    );
    const deadline = Date.now() + START_MS;
    while (!(await this._answers())) {
      if (Date.now() > deadline || this._process.exitCode !== null) {
        throw new Error('The Jupyter server did not start.');
      }
      await new Promise(resolve => setTimeout(resolve, 100));
    }
  }

  /** End it without a word, as a crash does. */
  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const process = this._process!;
    if (process.exitCode === null && process.signalCode === null) {
      const ended = new Promise(resolve => process.once('exit', resolve));
      process.kill(signal);
      await ended;
    }
  }

  private async _answers(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/api/status`)).ok;
    } catch {
      return false;
    }
  }

  private _process: ChildProcess | null = null;
  private _root: string;
}

/** Tests whose page is of a server of their own. */
export const test = base.extend<object, { server: JupyterServer }>({
  server: [
    async ({}, use) => {
      const server = await JupyterServer.start();
      await use(server);
      await server.kill('SIGTERM');
    },
    { scope: 'worker', timeout: START_MS }
  ],
  baseURL: async ({ server }, use) => {
    await use(server.url);
  }
});

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
