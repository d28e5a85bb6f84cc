import { TABS } from '../../src/page/tabs';

/** What a person finds on the page of a run that has no children. */
export const TABS_OF_ONE = TABS.filter(tab => tab !== 'children');
