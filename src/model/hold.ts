import { WorkspaceInfo } from '../api';

/**
 * Tells when what live runs wait for may have changed: it is no part of their records, so no change tells of it.
 */
export class Hold {
  /** Whether something holds runs up, or did when this was asked last. */
  look(info: WorkspaceInfo | null): boolean {
    const was = this._is;
    this._is = info !== null && info.active_count > 0 && isHeldUp(info);
    return this._is || was;
  }

  private _is = false;
}

function isHeldUp({ dispatcher }: WorkspaceInfo): boolean {
  return !dispatcher.alive || Object.keys(dispatcher.troubles).length > 0;
}
