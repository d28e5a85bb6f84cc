import { expect, test } from '@jupyterlab/galata';

import { LOAD, openNotebook, runCells } from '../helpers/notebook';
import { WorkspacePanel } from '../helpers/panel';

test('unsaved edits are in the snapshot, and the file is left as it was', async ({
  page,
  tmpPath
}) => {
  const panel = new WorkspacePanel(page);
  const path = await openNotebook(page, `${tmpPath}/edits.ipynb`, [
    LOAD,
    '%%submit edits\nprint("as it was")',
    'note = "before"'
  ]);
  await panel.open();
  await runCells(page, 0);
  await page.notebook.save();
  const saved = await page.contents.getContentMetadata(path, 'file');

  await page.notebook.setCell(
    1,
    'code',
    '%%submit edits\nprint("as it is on screen")'
  );
  await page.notebook.setCell(2, 'code', 'note = "unsaved"');
  await runCells(page, 1);
  const id = await panel.newest('Completed');

  const run = await panel.fetch(`/runs/${id}`);
  expect(run.source.origin).toBe('screen');
  expect(run.source.document).toBe(path);
  expect(run.source.cell_id).toBe('cell-1');
  expect(run.source.cell_source).toContain('as it is on screen');
  const manifest = await panel.fetch(`/snapshots/${run.snapshot_id}`);
  const entry = manifest.entries.find((it: { path: string }) =>
    it.path.endsWith('edits.ipynb')
  );
  const notebook = await panel.fetch(
    `/snapshots/${run.snapshot_id}/file?path=${encodeURIComponent(entry.path)}`
  );
  const sources = notebook.cells.map((cell: { source: string | string[] }) =>
    [cell.source].flat().join('')
  );
  expect(sources[1]).toContain('as it is on screen');
  expect(sources[2]).toBe('note = "unsaved"');

  const now = await page.contents.getContentMetadata(path, 'file');
  expect(now!.content).toBe(saved!.content);
  expect(now!.last_modified).toBe(saved!.last_modified);
  await expect(page.getByRole('dialog')).toHaveCount(0);
});
