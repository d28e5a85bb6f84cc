import AxeBuilder from '@axe-core/playwright';
import { expect, IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Page } from '@playwright/test';

/** Expect no accessibility violation in a part of the page; `state` says in which state it is. */
export async function expectAccessible(
  page: IJupyterLabPageFixture | Page,
  state: string,
  part = '#jp-mlws-panel'
): Promise<void> {
  expect(await violationsOf(page, part), state).toEqual([]);
}

/**
 * What keeps somebody from using a part of the page, each with its rule and the elements.
 *
 * @param rules - those that are asked for; all of them when left out
 */
export async function violationsOf(
  page: IJupyterLabPageFixture | Page,
  part: string,
  rules?: string[]
): Promise<string[]> {
  // Without a page of its own to put results together: no frame of ours comes from elsewhere.
  const axe = new AxeBuilder({ page: page as any })
    .setLegacyMode()
    .include(part);
  const { violations } = await (rules ? axe.withRules(rules) : axe).analyze();
  return violations.map(
    it =>
      `${it.id}: ${it.nodes.map(node => `${node.html} ${node.any[0]?.message ?? ''}`.trim()).join(' ')}`
  );
}
