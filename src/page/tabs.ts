/** The tabs of a run's page, in their order. */
export const TABS = [
  'overview',
  'metrics',
  'logs',
  'outputs',
  'code',
  'environment',
  'compare',
  'children'
] as const;

export type TabId = (typeof TABS)[number];

export function isTab(value: unknown): value is TabId {
  return TABS.some(tab => tab === value);
}
