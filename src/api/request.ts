import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { ErrorBody, Operation, Operations, OPERATIONS } from './types';

const ROOT = 'mlws/api/v1';

/**
 * A request that did not succeed, whatever the reason.
 *
 * `code` is stable and for programs ('network' when no answer came at all),
 * `message` one sentence that says what is wrong, `hint` the way out, `details` what programs may do about it.
 */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly hint = '',
    readonly status = 0,
    readonly details: Readonly<Record<string, unknown>> = {}
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/**
 * The ways to the server: where it is, and which of its workspaces is meant.
 */
export interface IAddress {
  settings: ServerConnection.ISettings;
  /** Id of a workspace, for the operations that belong to one. */
  workspace?: string;
}

/**
 * Ask the server: the only function of the frontend that touches the network.
 *
 * @throws ApiError
 */
export async function request<Id extends keyof Operations>(
  address: IAddress,
  id: Id,
  parameters: Operations[Id]['arguments'],
  body?: Operations[Id]['body']
): Promise<Operations[Id]['answer']> {
  const operation: Operation = OPERATIONS[id];
  const response = await send(
    urlOf(address, operation, parameters),
    initOf(operation, body),
    address.settings
  );
  if (!response.ok) {
    throw await failureOf(response);
  }
  return operation.answer === 'bytes'
    ? response.arrayBuffer()
    : readJson(response);
}

/**
 * The whole URL of an operation with its arguments.
 */
export function urlOf(
  address: IAddress,
  operation: Operation,
  parameters: Readonly<Record<string, unknown>>
): string {
  const scope =
    operation.scope === 'workspace'
      ? `workspaces/${encodeURIComponent(address.workspace ?? '')}`
      : '';
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(parameters[name]))
  );
  const query = new URLSearchParams();
  for (const name of operation.queryArguments) {
    const value = parameters[name];
    if (value !== undefined && value !== null) {
      query.set(name, String(value));
    }
  }
  const url = URLExt.join(address.settings.baseUrl, ROOT, scope, path);
  const search = query.toString();
  return search ? `${url}?${search}` : url;
}

function initOf(operation: Operation, body: unknown): RequestInit {
  const { method } = operation;
  return operation.body === 'json'
    ? {
        method,
        body: JSON.stringify(body),
        headers: { 'Content-Type': 'application/json' }
      }
    : { method, body: body as BodyInit | undefined };
}

async function send(
  url: string,
  init: RequestInit,
  settings: ServerConnection.ISettings
): Promise<Response> {
  try {
    return await ServerConnection.makeRequest(url, init, settings);
  } catch (error) {
    throw new ApiError(
      'network',
      'The Jupyter server does not answer.',
      error instanceof Error ? error.message : ''
    );
  }
}

async function readJson<T>(response: Response): Promise<T> {
  try {
    return await response.json();
  } catch {
    throw new ApiError(
      'bad_answer',
      'The Jupyter server sent an answer that is no JSON.',
      'Reload the page; if that does not help, restart the server.',
      response.status
    );
  }
}

async function failureOf(response: Response): Promise<ApiError> {
  let body: Partial<ErrorBody> = {};
  try {
    body = await response.json();
  } catch {
    // A proxy's page, or no body at all: the status has to do.
  }
  return new ApiError(
    body.code ?? (response.status === 404 ? 'not_found' : 'http_error'),
    body.message || `The Jupyter server answered ${response.status}.`,
    body.hint ?? '',
    response.status,
    body.details ?? {}
  );
}
