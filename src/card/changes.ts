import { TranslationBundle } from '@jupyterlab/translation';

import { Run } from '../api';
import { differenceOfPairs } from '../run/differences';
import { siblingsOf } from './words';

/** So many parameters are written out. */
const MOST_PARAMS = 4;

/** How a run came about otherwise than another one of its cell. */
export interface IChanges {
  readonly since: Run;
  /** Why it is compared with that one. */
  readonly reason: 'good' | 'best';
  /** Value of the metric for which that one is the best; '' where it is compared for another reason. */
  readonly value: string;
  /** What changed; empty where nothing that is recorded did. */
  readonly texts: readonly string[];
}

/**
 * Of a run that failed: what changed since the last one of its cell that completed. Of one that goes on or completed: what
 * differs from the best one, where another one is. Null where there is nothing to compare with.
 */
export function changesOf(
  trans: TranslationBundle,
  run: Run,
  siblings: readonly Run[]
): IChanges | null {
  if (run.status === 'Canceled') {
    return null;
  }
  if (run.status === 'Failed') {
    const since = siblings.find(
      it => it.status === 'Completed' && it.number < run.number
    );
    const texts = since && changeTexts(trans, since, run);
    return since && texts ? { since, reason: 'good', value: '', texts } : null;
  }
  const best = siblingsOf(run, siblings).find(it => it.isBest);
  return best
    ? {
        since: best.run,
        reason: 'best',
        value: best.text,
        texts: changeTexts(trans, best.run, run)
      }
    : null;
}

/** What is recorded differently of how two runs of a cell came about. */
export function changeTexts(
  trans: TranslationBundle,
  before: Run,
  after: Run
): string[] {
  const params = differenceOfPairs(before.params, after.params);
  const more = params.length - MOST_PARAMS;
  return [
    ...params
      .slice(0, MOST_PARAMS)
      .map(it => `${it.what} ${it.before || '–'} → ${it.after || '–'}`),
    more > 0 ? trans._n('one more parameter', '%1 more parameters', more) : '',
    before.source.cell_source !== after.source.cell_source
      ? trans.__('the code of the cell')
      : '',
    before.snapshot_id !== after.snapshot_id
      ? trans.__('files that travelled')
      : '',
    before.environment !== after.environment
      ? `${before.environment} → ${after.environment}`
      : '',
    before.compute_target !== after.compute_target
      ? `${before.compute_target} → ${after.compute_target}`
      : ''
  ].filter(text => text !== '');
}
