import { RunListModel } from './model';
import { Row } from './rows';

/** What a key press is, as far as the list minds. */
export interface IKey {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/** What a list can do beside moving in it. */
export interface IKeyActions {
  onOpen: (id: string) => void;
  onDelete: () => void;
  /** Told that the current line has to come into sight. */
  onMove: () => void;
}

/** Letters that follow one another faster than this are one word. */
const PAUSE_MS = 700;
const PAGE = 10;

/**
 * The keys of the list: those of every tree, with Shift and Ctrl those of a list in which several are selected.
 */
export class Keys {
  constructor(
    private readonly _model: RunListModel,
    private readonly _actions: IKeyActions,
    private readonly _now: () => number = Date.now
  ) {}

  /**
   * Do what a key stands for.
   *
   * @returns whether it meant something
   */
  press(event: IKey): boolean {
    const isMeant = !event.altKey && this._press(event);
    if (isMeant) {
      this._actions.onMove();
    }
    return isMeant;
  }

  private _press(event: IKey): boolean {
    const { key } = event;
    if (event.ctrlKey || event.metaKey) {
      return this._pressWithCtrl(event);
    }
    if (key === ' ' && !this._isTyping) {
      this._toggleSelected();
      return true;
    }
    if (key.length === 1) {
      return this._type(key);
    }
    return this._go(event, this._chooser(event)) || this._do(key);
  }

  private _pressWithCtrl(event: IKey): boolean {
    if (event.key.toLowerCase() === 'a' && !event.shiftKey) {
      void this._model.selectAll();
      return true;
    }
    if (event.key === ' ') {
      this._toggleSelected();
      return true;
    }
    return this._go(event, this._chooser(event));
  }

  /** What happens to a line that is gone to. */
  private _chooser(event: IKey): (id: string) => void {
    const model = this._model;
    if (event.shiftKey) {
      return id => model.selectTo(id);
    }
    return event.ctrlKey || event.metaKey
      ? id => model.moveTo(id)
      : id => model.select(id);
  }

  /** Keys that go from line to line. */
  private _go({ key }: IKey, choose: (id: string) => void): boolean {
    const { rows } = this._model;
    const at = this._at;
    switch (key) {
      case 'ArrowDown':
        return this._choose(at + 1, choose);
      case 'ArrowUp':
        return this._choose(at < 0 ? 0 : at - 1, choose);
      case 'PageDown':
        return this._choose(at + PAGE, choose);
      case 'PageUp':
        return this._choose(at - PAGE, choose);
      case 'Home':
        return this._choose(0, choose);
      case 'End':
        this._choose(rows.length - 1, choose);
        if (this._model.unread > 0) {
          void this._model.goToEnd(id => {
            choose(id);
            this._actions.onMove();
          });
        }
        return true;
      default:
        return false;
    }
  }

  private _do(key: string): boolean {
    const model = this._model;
    const row: Row | undefined = model.rows[this._at];
    switch (key) {
      case 'Enter':
        if (row) {
          this._actions.onOpen(row.run.id);
        }
        return row !== undefined;
      case 'Escape':
        if (model.selection.length < 2) {
          return false;
        }
        model.select(model.selected);
        return true;
      case 'Delete':
        this._actions.onDelete();
        return true;
      case 'ArrowRight':
        if (row?.expanded === false) {
          model.toggle(row.run.id, true);
        } else if (row?.expanded) {
          this._choose(this._at + 1, id => model.select(id));
        }
        return true;
      case 'ArrowLeft':
        if (row?.expanded) {
          model.toggle(row.run.id, false);
        } else if (row && row.depth > 0) {
          model.select(row.run.parent_id);
        }
        return true;
      default:
        return false;
    }
  }

  private _choose(index: number, choose: (id: string) => void): boolean {
    const { rows } = this._model;
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (row) {
      choose(row.run.id);
    }
    return true;
  }

  private _toggleSelected(): void {
    const { selected } = this._model;
    if (selected !== null) {
      this._model.toggleSelected(selected);
    }
  }

  /** Go to the next line whose number or name begins with what is typed. */
  private _type(letter: string): boolean {
    this._word = (this._isTyping ? this._word : '') + letter.toLowerCase();
    this._typedAt = this._now();
    const { rows } = this._model;
    // A first letter goes on from here, further ones may stay.
    const from = this._at + (this._word.length > 1 ? 0 : 1);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[(Math.max(0, from) + i) % rows.length];
      if (begins(row, this._word)) {
        this._model.select(row.run.id);
        break;
      }
    }
    return true;
  }

  private get _isTyping(): boolean {
    return this._word !== '' && this._now() - this._typedAt < PAUSE_MS;
  }

  private get _at(): number {
    return this._model.indexOf(this._model.selected);
  }

  private _typedAt = 0;
  private _word = '';
}

function begins({ run }: Row, word: string): boolean {
  const name = run.display_name || run.experiment;
  return (
    name.toLowerCase().startsWith(word) ||
    String(run.number).startsWith(word.replace(/^#/, '') || '#')
  );
}
