import { Token } from '@lumino/coreutils';
import { IDisposable } from '@lumino/disposable';
import { ISignal } from '@lumino/signaling';

import { ApiError, Change, Operations, WorkspaceInfo } from './api';

/** Id of the plugin to which the settings of all belong. */
export const SETTINGS = 'jupyter-mlws:plugin';

/**
 * How things stand between the page and the workspace.
 *
 * 'lost' heals by itself; 'failed' means that the server answered and refused, see `error`.
 */
export type ConnectionState = 'connecting' | 'connected' | 'lost' | 'failed';

/**
 * The workspace of the document in front: who it is, what changes in it, and the way to ask it.
 */
export interface IWorkspaceConnection {
  readonly state: ConnectionState;
  readonly error: ApiError | null;
  readonly info: WorkspaceInfo | null;

  /** Whether changes are found by asking, a second late, because no events come through. */
  readonly isPolling: boolean;

  /** Id of the workspace that is followed whatever document is in front; null follows the document. */
  readonly chosen: string | null;

  /** Path of the document that the workspace belongs to, '' when none is open. */
  readonly document: string;

  /** The state, the facts of the workspace or the document changed. */
  readonly stateChanged: ISignal<IWorkspaceConnection, void>;

  /** Another workspace is in front: nothing that was read before holds. */
  readonly workspaceChanged: ISignal<IWorkspaceConnection, void>;

  /** Things in the workspace changed; each is told once, also across a lost connection. */
  readonly changed: ISignal<IWorkspaceConnection, readonly Change[]>;

  /**
   * Ask the workspace in front. Equal questions of several views are sent once; a read that the network swallowed is
   * sent again when the connection is back, as long as somebody watches.
   *
   * @throws ApiError
   */
  request<Id extends keyof Operations>(
    id: Id,
    parameters: Operations[Id]['arguments'],
    body?: Operations[Id]['body']
  ): Promise<Operations[Id]['answer']>;

  /** Keep the connection awake until the returned object is disposed. */
  watch(): IDisposable;

  /** Follow this workspace whatever document is in front, or the document's again. */
  choose(workspace: string | null): void;

  /** Follow another document. */
  setDocument(path: string): void;

  /**
   * Start the dispatcher if none lives, and wait until it does.
   *
   * @throws ApiError
   */
  wake(): Promise<void>;

  /** Read the facts of the workspace anew. */
  reread(): Promise<void>;

  /** Look for changes now. */
  refresh(): Promise<void>;
}

export const IWorkspaceConnection = new Token<IWorkspaceConnection>(
  'jupyter-mlws:IWorkspaceConnection',
  'The workspace of the document in front: its state, its changes, and the way to ask it.'
);

/**
 * The way to a workspace by its id, whatever document is in front.
 */
export interface IWorkspaceConnections {
  /** The connection to a workspace, always the same one. */
  get(workspace: string): IWorkspaceConnection;
}

export const IWorkspaceConnections = new Token<IWorkspaceConnections>(
  'jupyter-mlws:IWorkspaceConnections',
  'The connections to workspaces by their ids.'
);

/** The run that the left panel has selected, in the workspace of the document in front. */
export interface ISelectedRun {
  /** Id of the run, null when none is selected. */
  readonly run: string | null;
  readonly changed: ISignal<unknown, unknown>;
  /** Select another run, by its id. */
  select(run: string): void;
}

export const ISelectedRun = new Token<ISelectedRun>(
  'jupyter-mlws:ISelectedRun',
  'The run that the left panel has selected.'
);

/** Runs whose ends somebody wants to be told of. */
export interface IAwaitedRuns {
  /** Tell when this run has ended. */
  follow(run: { workspace: string; run: string }): void;
}

export const IAwaitedRuns = new Token<IAwaitedRuns>(
  'jupyter-mlws:IAwaitedRuns',
  'The runs whose ends are told.'
);
