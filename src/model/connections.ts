import { IWorkspaceConnection, IWorkspaceConnections } from '../tokens';
import { WorkspaceConnection } from './connection';

/**
 * One connection to each workspace that somebody asked for by its id. It sleeps while nobody watches, so it may stay.
 */
export class WorkspaceConnections implements IWorkspaceConnections {
  constructor(
    private readonly _options: Omit<WorkspaceConnection.IOptions, 'workspace'>
  ) {}

  get(workspace: string): IWorkspaceConnection {
    const known = this._connections.get(workspace);
    if (known) {
      return known;
    }
    const made = new WorkspaceConnection({ ...this._options, workspace });
    this._connections.set(workspace, made);
    return made;
  }

  /** Look for changes now, wherever somebody watches. */
  refresh(): void {
    for (const connection of this._connections.values()) {
      if (connection.isWatched) {
        void connection.refresh();
      }
    }
  }

  private _connections = new Map<string, WorkspaceConnection>();
}
