import type { Cell, ICodeCellModel } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import { Panel } from '@lumino/widgets';

import { Run } from '../api';
import { MIME_TYPE } from '../card/bundle';
import { Badge } from './Badge';
import { CellRuns } from './runs';
import { isStale } from './stale';

/** Between two looks at cells that are being written. */
const PAUSE_MS = 200;
const OURS = /\bmlws\b|%%?(submit|track)\b/;

/**
 * Badges on the cells of a notebook. They are no part of the document: nothing of them is saved.
 */
export class Badges implements IDisposable {
  constructor(
    private readonly _panel: NotebookPanel,
    readonly runs: CellRuns,
    private readonly _options: Badges.IOptions
  ) {
    runs.changed.connect(this._update, this);
    _panel.content.modelContentChanged.connect(this._updateSoon, this);
    _panel.content.cellInViewportChanged.connect(this._updateSoon, this);
    _panel.context.pathChanged.connect(this._onPath, this);
    _panel.disposed.connect(this.dispose, this);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Whether the notebook is on screen. */
  set seen(seen: boolean) {
    this._isSeen = seen;
    this.look();
  }

  /** Whether somebody wants badges. */
  set wanted(wanted: boolean) {
    this._isWanted = wanted;
    this.look();
    this._update();
  }

  /** Look for runs, where the notebook is on screen and has to do with runs at all: others cost nothing. */
  look(): void {
    const seen =
      this._isSeen && this._isWanted && (this._isOurs ||= isOurs(this._panel));
    if (seen === this.runs.seen) {
      this.runs.refresh();
    } else {
      // Which looks by itself.
      this.runs.seen = seen;
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    clearTimeout(this._timer);
    for (const badge of this._badges.values()) {
      badge.dispose();
    }
    this._badges.clear();
    this.runs.dispose();
    Signal.clearData(this);
  }

  private _onPath(): void {
    this.runs.reset();
  }

  /** A few times in a second, however much is typed or put out. */
  private _updateSoon(): void {
    if (this._timer === undefined && this.runs.hasAny) {
      this._timer = setTimeout(() => {
        this._timer = undefined;
        this._update();
      }, PAUSE_MS);
    }
  }

  private _runsOfCells(): { cell: Cell; run: Run }[] {
    if (!this._isWanted) {
      return [];
    }
    return this._panel.content.widgets.flatMap(cell => {
      const run = this.runs.of(cell.model.id);
      return run === null ? [] : [{ cell, run }];
    });
  }

  private _update(): void {
    if (this._isDisposed || this._panel.isDisposed) {
      return;
    }
    const found = this._runsOfCells();
    const kept = new Set(found.map(it => it.cell));
    for (const [cell, badge] of this._badges) {
      if (!kept.has(cell) || cell.isDisposed || badge.isDisposed) {
        badge.dispose();
        this._badges.delete(cell);
      }
    }
    const sources = sourcesOf(this._panel);
    for (const { cell, run } of found) {
      const source = cell.model.sharedModel.getSource();
      this._badgeOf(cell)?.showRun(run, isStale(source, sources, run));
    }
  }

  private _badgeOf(cell: Cell): Badge | null {
    const known = this._badges.get(cell);
    // A cell far from the screen has no editor yet; it is told of when it comes.
    const place = cell.inputArea?.parent;
    if (known || !(place instanceof Panel)) {
      return known ?? null;
    }
    const made = new Badge(this._options.trans, run => {
      if (this.runs.workspace !== null) {
        this._options.onOpen(this.runs.workspace, run);
      }
    });
    place.addWidget(made);
    this._badges.set(cell, made);
    return made;
  }

  private _badges = new Map<Cell, Badge>();
  private _isDisposed = false;
  private _isOurs = false;
  private _isSeen = false;
  private _isWanted = true;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}

export namespace Badges {
  export interface IOptions {
    onOpen: (workspace: string, run: Run) => void;
    trans: TranslationBundle;
  }
}

function sourcesOf(panel: NotebookPanel): string[] {
  return panel.content.widgets
    .filter(cell => cell.model.type === 'code')
    .map(cell => cell.model.sharedModel.getSource());
}

/** Whether a notebook has to do with runs: it speaks of them, or shows one. */
function isOurs(panel: NotebookPanel): boolean {
  return panel.content.widgets.some(({ model }) => {
    if (model.type !== 'code') {
      return false;
    }
    return (
      OURS.test(model.sharedModel.getSource()) ||
      hasCard(model as ICodeCellModel)
    );
  });
}

function hasCard({ outputs }: ICodeCellModel): boolean {
  for (let i = 0; i < outputs.length; i++) {
    if (MIME_TYPE in outputs.get(i).data) {
      return true;
    }
  }
  return false;
}
