import AxeBuilder from '@axe-core/playwright';
import { expect, IJupyterLabPageFixture } from '@jupyterlab/galata';

/** Expect no accessibility violation in a part of the page; `state` says in which state it is. */
export async function expectAccessible(
  page: IJupyterLabPageFixture,
  state: string,
  part = '#jp-mlws-panel'
): Promise<void> {
  const { violations } = await new AxeBuilder({ page: page as any })
    .include(part)
    .analyze();
  const found = violations.map(
    it => `${it.id}: ${it.nodes.map(node => node.html).join(' ')}`
  );
  expect(found, state).toEqual([]);
}
