import { expect, test } from '@jupyterlab/galata';

import { LOAD, openNotebook, runCells } from '../helpers/notebook';
import { WorkspacePanel } from '../helpers/panel';

// Inputs that have broken other workspaces, by the field's kind; none contains a quote of Python's triple kind.
const PAYLOADS: Record<string, string> = {
  X01: '<img src=x onerror="window.__xss=1">',
  X02: "[x](javascript:window.__xss=1) <a href='data:text/html,<script>1</script>'>",
  X05: '{"text/html": "<script>window.__xss=1</script>", "application/javascript": "window.__xss=1"}',
  X07: "<img src=x onerror=window.__xss=1>'",
  X08: '<script>window.__xss=1</script>',
  X10: '<form id=f action=javascript:window.__xss=1></form><input form=f type=submit>',
  X11: '# <img src=x onerror=window.__xss=1>',
  X13: '\u001b]8;;javascript:window.__xss=1\u0007click\u001b]8;;\u0007 \u001b[2J\u001b]52;c;ZXZpbA==\u0007',
  X16: '{"mark": {"href": "javascript:window.__xss=1"}, "data": {"url": "/api/contents"}}',
  X17: "import pyodide.code; pyodide.code.run_js('window.__xss=1')",
  X19: '<form id=jupyter-config-data><input name=token></form><a id=x name=y>',
  X20: 'run\u202etxt.exe \u2066a\u2069'
};

const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/** A cell that puts the payload wherever a script can put text. */
function hostileCell(payload: string): string {
  return [
    '%%submit hostile',
    // A JSON text is a Python literal, so every character arrives as it is.
    `payload = ${JSON.stringify(payload)}`,
    'from jupyter_mlws import Run',
    'run = Run.get_context()',
    'run.log(payload, 1.0)',
    'run.log(payload, 2.0)',
    'run.log("plain", 1.0)',
    'run.tag(payload, payload)',
    'run.log_table("a" + payload, {payload: [payload]}, description=payload)',
    'run.log_confusion_matrix("b", y_true=[payload, "b"], y_pred=["b", "b"])',
    'open("c.svg", "w").write(\'<svg xmlns="http://www.w3.org/2000/svg"><script>window.__xss=1</script></svg>\')',
    'run.log_image("c", "c.svg")',
    'print(payload)',
    'name = "".join(c for c in payload if c.isprintable() and c != "/")',
    'open(name + ".txt", "w").write(payload)',
    'raise ValueError(payload)'
  ].join('\n');
}

test.setTimeout(240 * 1000);

test('hostile strings are text in every field of the panel', async ({
  page,
  tmpPath
}) => {
  const foreign: string[] = [];
  page.on('request', request => {
    const { hostname, protocol } = new URL(request.url());
    if (protocol.startsWith('http') && hostname !== '127.0.0.1') {
      foreign.push(request.url());
    }
  });
  const said: string[] = [];
  page.on('dialog', dialog => {
    said.push(dialog.message());
    void dialog.dismiss();
  });
  await page.evaluate(() => {
    (window as any).mlwsViolations = [];
    document.addEventListener('securitypolicyviolation', event =>
      (window as any).mlwsViolations.push(event.blockedURI)
    );
  });
  const panel = new WorkspacePanel(page);
  // High enough that the line of every run is in sight, and so in the page.
  await page.setViewportSize({ width: 1240, height: 1100 });
  const payloads = Object.entries(PAYLOADS);
  await openNotebook(page, `${tmpPath}/hostile.ipynb`, [
    LOAD,
    ...payloads.map(([, payload]) => hostileCell(payload))
  ]);
  await panel.open();
  await runCells(page, ...[LOAD, ...payloads].keys());
  await expect(
    panel.root.locator('[role=treeitem][data-status=Failed]')
  ).toHaveCount(payloads.length, { timeout: 120000 });
  // The newest is the first of the list.
  const runs = await panel.rows.evaluateAll(all =>
    all.map(row => row.getAttribute('data-run')!).reverse()
  );
  for (const [i, [id, payload]] of payloads.entries()) {
    await test.step(id, async () => {
      const run = runs[i];
      await rename(page, run, payload);
      await panel.row(run).click();
      await expectOnlyText(panel, payload);
      await expectOnlyTextInCards(page);
    });
  }
  await panel.search.fill('<img');
  await expect(panel.root).toContainText("cannot be understood at '<img'");
  await panel.search.fill('img src');
  await expect(panel.rows).toHaveCount(3);
  expect(await page.evaluate(() => (window as any).__xss)).toBeUndefined();
  expect(await page.evaluate(() => (window as any).mlwsViolations)).toEqual([]);
  expect(foreign).toEqual([]);
  expect(said).toEqual([]);
});

test('hostile strings are text in environments', async ({ page, tmpPath }) => {
  const panel = new WorkspacePanel(page);
  await openNotebook(page, `${tmpPath}/environments.ipynb`, [LOAD]);
  await panel.open();
  const environments = await panel.section('Environments');
  for (const [id, payload] of Object.entries(PAYLOADS)) {
    await test.step(id, async () => {
      await register(page, id, payload);
      const line = environments.locator(`[data-environment="${id}"]`);
      await line.locator('summary').first().click();
      await expect(line.locator('.jp-mlws-description')).toHaveText(
        visible(payload)
      );
      await expect(line.locator('dd').last()).toHaveText(visible(payload));
      await expectNoMarkup(panel);
    });
  }
  expect(await page.evaluate(() => (window as any).__xss)).toBeUndefined();
});

/** Register an environment that says the payload wherever it may, through the API as any client can. */
async function register(page: any, name: string, said: string): Promise<void> {
  const status = await page.evaluate(
    async ([name, said]: string[]) => {
      const info = await (await fetch('/mlws/api/v1/resolve?document=')).json();
      const environment_variables = { SAID: said };
      const answer = await fetch(
        `/mlws/api/v1/workspaces/${info.id}/environments`,
        {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify({
            name,
            description: said,
            spec: { environment_variables }
          })
        }
      );
      return answer.status;
    },
    [name, said]
  );
  expect(status).toBe(200);
}

/** The cards are trusted, for they stand in the user's own notebook: all the more they hold nothing but text. */
async function expectOnlyTextInCards(page: any): Promise<void> {
  const cards = page.locator('.jp-OutputArea .jp-mlws-card');
  const elements =
    'script, form, a, iframe, input, object, embed, svg, [onerror]';
  await expect(cards.locator(elements)).toHaveCount(0);
  const html = await cards.evaluateAll((all: Element[]) =>
    all.map(card => card.outerHTML).join()
  );
  expect(html).not.toMatch(BIDI);
  expect(html).not.toContain('\u001b');
}

async function expectOnlyText(
  panel: WorkspacePanel,
  payload: string
): Promise<void> {
  const { detail } = panel;
  await expect(detail.locator('h3.jp-mlws-detail-title')).toContainText(
    visible(payload)
  );
  await expect(detail.locator('.jp-mlws-notice-error')).toBeVisible();
  await expect(panel.log).not.toBeEmpty();
  await expect(detail.locator('.jp-mlws-tags li')).toHaveCount(1);
  await expect(detail.locator('.jp-mlws-pairs dt')).toContainText(['payload']);
  await expect(detail.locator('.jp-mlws-files li')).not.toHaveCount(0);
  await expect(detail.locator('[data-metric] td')).toContainText([
    visible(payload)
  ]);
  await expect(detail.locator('[data-metric="b"] th')).toContainText([
    visible(payload)
  ]);
  await expect(detail.locator('[data-metric="c"]')).toContainText(
    'is not drawn here'
  );
  const charts = detail.locator('.jp-mlws-curves section[data-metric]');
  await expect(charts).toHaveCount(2);
  const chart = charts.filter({ hasNotText: /^plain/ });
  await expect(chart.locator('h3')).toContainText(visible(payload));
  await chart.scrollIntoViewIfNeeded();
  await expect(chart.getByRole('img', { name: /^Chart of/ })).toHaveAttribute(
    'data-count',
    '2'
  );

  await expectNoMarkup(panel);
}

/** The panels hold no element that the payloads would make, but for the forms that are their own. */
async function expectNoMarkup(panel: WorkspacePanel): Promise<void> {
  const own = ':not(.jp-mlws-secret-form, .jp-mlws-secret-form *)';
  const elements = `img, script, a, iframe, form${own}, input:not([type="search"])${own}`;
  await expect(panel.root.locator(elements)).toHaveCount(0);
  await expect(
    panel.details.locator('img, script, a, iframe, form:not(.jp-mlws-tag-new)')
  ).toHaveCount(0);
  for (const place of [panel.root, panel.details]) {
    const html = await place.evaluate(it => {
      const copy = it.cloneNode(true) as Element;
      // What is written in place has to be there as it is.
      copy.querySelectorAll('textarea').forEach(field => field.remove());
      return copy.outerHTML;
    });
    expect(html).not.toMatch(BIDI);
    expect(html).not.toContain('\u001b');
  }
}

/** The payload as the panel spells it. */
function visible(payload: string): string {
  return payload.replace(
    // eslint-disable-next-line no-control-regex
    /[\u0000-\u001f\u202a-\u202e\u2066-\u2069]/g,
    c => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0')
  );
}

/** Give the run the payload as its name, through the API as any client can. */
async function rename(page: any, run: string, name: string): Promise<void> {
  const status = await page.evaluate(
    async ([run, name]: string[]) => {
      const info = await (await fetch('/mlws/api/v1/resolve?document=')).json();
      const answer = await fetch(
        `/mlws/api/v1/workspaces/${info.id}/runs/${run}`,
        {
          method: 'PATCH',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify({ display_name: name, description: name })
        }
      );
      return answer.status;
    },
    [run, name]
  );
  expect(status).toBe(200);
}
