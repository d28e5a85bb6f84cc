import { ReactWidget } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Run, toNumber } from '../api';
import { formatNumber } from '../components/format';
import { StatusIcon, statusText } from '../components/status';
import { escapeControls } from '../components/text';
import { Translation } from '../components/translation';
import { leadingMetric } from '../runs/rows';

/** What a badge says beside its number. */
export function badgeText(trans: TranslationBundle, run: Run): string {
  const name = leadingMetric([run]);
  const metric = run.metrics.find(it => it.name === name);
  const result =
    run.status === 'Failed'
      ? (run.error?.code ?? '')
      : metric
        ? `${metric.name} ${formatNumber(toNumber(metric.last))}`
        : '';
  return escapeControls(
    [statusText(trans, run.status), result].filter(it => it !== '').join(' · ')
  );
}

/** The run of a cell, on the lower edge of its editor. */
export class Badge extends ReactWidget {
  constructor(
    private readonly _trans: TranslationBundle,
    private readonly _onOpen: (run: Run) => void
  ) {
    super();
    this.addClass('jp-mlws-surface');
    this.addClass('jp-mlws-badge');
  }

  /** Show a run, and whether the cell has been changed since. */
  showRun(run: Run, stale: boolean): void {
    if (run !== this._run || stale !== this._isStale) {
      this._run = run;
      this._isStale = stale;
      this.update();
    }
  }

  protected render(): JSX.Element | null {
    const { _run: run, _isStale: stale, _trans: trans } = this;
    if (run === null) {
      return null;
    }
    const text = badgeText(trans, run);
    const hint = stale
      ? trans.__(
          'The cell, or a function that it uses, was changed since this run.'
        )
      : trans.__('Open the run');
    return (
      <Translation.Provider value={trans}>
        <button
          type="button"
          className={stale ? 'jp-mod-stale' : ''}
          data-run={run.id}
          data-status={run.status}
          title={hint}
          aria-label={[
            trans.__('Run %1 of this cell: %2', run.number, text),
            stale ? trans.__('stale') : ''
          ]
            .filter(it => it !== '')
            .join(', ')}
          onClick={() => this._onOpen(run)}
        >
          <StatusIcon status={run.status} />
          <bdi>#{run.number}</bdi>
          <bdi className="jp-mlws-badge-text">{text}</bdi>
          {stale && (
            <span className="jp-mlws-badge-stale">{trans.__('stale')}</span>
          )}
        </button>
      </Translation.Provider>
    );
  }

  private _isStale = false;
  private _run: Run | null = null;
}
