import { execFileSync } from 'child_process';
import * as fs from 'fs';
import * as path from 'path';

import { expect, test } from '@jupyterlab/galata';

import { LOAD, openNotebook, runCells } from '../helpers/notebook';
import { WorkspacePanel } from '../helpers/panel';

const BARE = 'without-mlws';
const SOON = { timeout: 30000 };

/**
 * A kernel that has all packages of this environment but ours: their folders are linked into a place of their own.
 */
function installBareKernel(): void {
  const [python, ...sites] = execFileSync('python', [
    '-c',
    'import sys, sysconfig; print(sys.executable); print(sysconfig.get_path("purelib")); print(sysconfig.get_path("platlib"))'
  ])
    .toString()
    .trim()
    .split('\n');
  const folder = path.join(process.env.JUPYTER_DATA_DIR!, 'kernels', BARE);
  const packages = path.join(folder, 'packages');
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(packages, { recursive: true });
  for (const site of new Set(sites)) {
    for (const name of fs.readdirSync(site)) {
      if (!/mlws/i.test(name) && !name.endsWith('.pth')) {
        fs.symlinkSync(path.join(site, name), path.join(packages, name));
      }
    }
  }
  const start = `import sys; sys.path.insert(0, ${JSON.stringify(packages)}); from ipykernel.kernelapp import launch_new_instance; launch_new_instance()`;
  const spec = {
    argv: [python, '-I', '-S', '-c', start, '-f', '{connection_file}'],
    display_name: 'Without jupyter_mlws',
    language: 'python'
  };
  fs.writeFileSync(path.join(folder, 'kernel.json'), JSON.stringify(spec));
}

/** Kernels of this environment's Python that stand for others: behind a gateway, and of another language. */
function installKernel(name: string, facts: object): void {
  const folder = path.join(process.env.JUPYTER_DATA_DIR!, 'kernels', name);
  fs.mkdirSync(folder, { recursive: true });
  const spec = {
    argv: ['python', '-m', 'ipykernel_launcher', '-f', '{connection_file}'],
    display_name: name,
    language: 'python',
    ...facts
  };
  fs.writeFileSync(path.join(folder, 'kernel.json'), JSON.stringify(spec));
}

test.beforeAll(() => {
  installBareKernel();
  installKernel('gated', { env: { KERNEL_GATEWAY: '1' } });
  installKernel('other', { language: 'R', display_name: 'R 4' });
});

test('a kernel without the package is told of, and enabled with one click', async ({
  page,
  tmpPath
}) => {
  const panel = new WorkspacePanel(page);
  await openNotebook(
    page,
    `${tmpPath}/bare.ipynb`,
    [
      'import importlib.util as u\nprint("has", u.find_spec("jupyter_mlws"))',
      '%%submit bare\nmlws.log(answer=42.0)\nprint("hello from a job")'
    ],
    BARE
  );
  await panel.open();
  await runCells(page, 0);
  await expect
    .poll(() => page.notebook.getCellTextOutput(0))
    .toEqual(['has None\n']);
  const button = panel.root.getByRole('button', { name: 'Enable it here' });
  await expect(button).toBeVisible();
  await button.click();
  await expect(button).toHaveCount(0);
  await runCells(page, 1);
  await panel.newest('Completed');
  await expect(panel.log).toContainText('hello from a job');
  await expect(panel.chart).toHaveAttribute('data-last', '42');
});

test('Run Cell as Job enables a kernel by itself, or says what to do', async ({
  page,
  tmpPath
}) => {
  const submit = () =>
    page.evaluate(
      () =>
        void (window as any).jupyterapp.commands.execute('mlws:run-cell-as-job')
    );
  const plain = ['print("hello from", 40 + 2)'];
  const toast = page.locator('.jp-toastContainer, .Toastify').first();

  await openNotebook(page, `${tmpPath}/lacking.ipynb`, plain, BARE);
  // A kernel on another machine sees no file of the server.
  await page.route('**/mlws/api/v1/farside*', route =>
    route.fulfill({ json: { path: '/nowhere/farside.zip', version: '1' } })
  );
  await submit();
  await expect(toast).toContainText('%pip install jupyter-mlws', SOON);
  await toast
    .getByRole('button', { name: 'Put the line above this cell' })
    .click();
  await expect
    .poll(async () => (await page.notebook.getCellTextInput(0)).trim())
    .toBe('%pip install jupyter-mlws');
  await page.unroute('**/mlws/api/v1/farside*');
  await page.notebook.selectCells(1);
  await submit();
  await expect(page.locator('.jp-mlws-runcard')).toContainText(
    'hello from 42',
    SOON
  );

  await openNotebook(page, `${tmpPath}/gated.ipynb`, plain, 'gated');
  await submit();
  await toast.getByRole('button', { name: 'Read all' }).click(SOON);
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Set MLWS_WORKSPACE to the URL');
  await dialog.getByRole('button', { name: 'Close' }).click();
  await openNotebook(page, `${tmpPath}/other.ipynb`, plain, 'other');
  await submit();
  await expect(toast).toContainText(
    'A cell of a R 4 notebook cannot run as a job by itself',
    SOON
  );
});

test('the example that the empty panel offers really runs', async ({
  page
}) => {
  const panel = new WorkspacePanel(page);
  await panel.open();
  await page.evaluate(() =>
    (window as any).jupyterapp.commands.execute('mlws:open-example')
  );
  await page.locator('.jp-NotebookPanel').waitFor();
  // Until the kernel is there, a cell asks which one it shall be.
  await page.locator('#jp-main-statusbar').getByText('| Idle').waitFor();
  await page.notebook.runCell(1);
  await page.notebook.runCell(2);
  await panel.newest('Completed');
  await expect(panel.chart).toHaveAttribute('data-count', '60');
  await expect(panel.log).toContainText('final loss');
  // This kernel has the package, so there is nothing to say about it.
  await expect(panel.root.locator('.jp-mlws-notice')).toHaveCount(0);
});

test.describe('with the setting that loads the magics everywhere', () => {
  test.use({
    mockSettings: {
      'jupyter-mlws:plugin': { loadInEveryNotebook: true }
    }
  });

  test('a notebook needs no %load_ext', async ({ page, tmpPath }) => {
    const panel = new WorkspacePanel(page);
    await openNotebook(page, `${tmpPath}/everywhere.ipynb`, [
      '%%submit everywhere\nprint("one")'
    ]);
    await panel.open();
    await runCells(page, 0);
    await panel.newest('Completed');
  });
});
