import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { ErrorBody, Operation, Operations, OPERATIONS } from './types';

const ROOT = 'mlws/api/v1';
/** Browsers carry 64 kB of requests beyond the end of a page; a character has up to three bytes. */
export const OUTLIVES = 20000;

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

  /** What went wrong, and the way out: words of the server, to be escaped where they are shown. */
  get sentences(): string {
    return `${this.message} ${this.hint}`.trim();
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
    ? readBytes(response)
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
  if (operation.body !== 'json') {
    return { method, body: body as BodyInit | undefined };
  }
  const text = JSON.stringify(body);
  return {
    method,
    body: text,
    headers: { 'Content-Type': 'application/json' },
    // What somebody changed arrives although the page is closed behind it.
    keepalive: method === 'PATCH' && text.length <= OUTLIVES
  };
}

async function send(
  url: string,
  init: RequestInit,
  settings: ServerConnection.ISettings
): Promise<Response> {
  try {
    return await ServerConnection.makeRequest(url, init, settings);
  } catch (error) {
    throw unanswered(error);
  }
}

function unanswered(error: unknown): ApiError {
  return new ApiError(
    'network',
    'The Jupyter server does not answer.',
    error instanceof Error ? error.message : ''
  );
}

async function readBytes(response: Response): Promise<ArrayBuffer> {
  try {
    return await response.arrayBuffer();
  } catch (error) {
    // The server went while it answered.
    throw unanswered(error);
  }
}

async function readJson<T>(response: Response): Promise<T> {
  try {
    return await response.json();
  } catch (error) {
    if (!(error instanceof SyntaxError)) {
      throw unanswered(error);
    }
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
