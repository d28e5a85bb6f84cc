import { Kernel } from '@jupyterlab/services';

/** Parts of Python's grammar that our code may be asked about by kernels of other languages. */
const LOOK =
  "__import__('importlib.util').util.find_spec('jupyter_mlws') is not None";

const LOAD = "get_ipython().run_line_magic('load_ext', 'jupyter_mlws')";

/**
 * Whether a Python kernel can import our package; null when it is no Python kernel or did not say.
 */
export async function hasPackage(
  kernel: Kernel.IKernelConnection
): Promise<boolean | null> {
  const { language_info } = await kernel.info;
  if (language_info.name !== 'python') {
    return null;
  }
  const reply = await execute(kernel, '', { has: LOOK });
  const answer = reply.has as { data?: { 'text/plain'?: string } } | undefined;
  const text = answer?.data?.['text/plain'];
  return text === undefined ? null : text === 'True';
}

/** Load the magics where the package is there; a kernel that has it not, or speaks no Python, is left as it is. */
export async function loadMagics(
  kernel: Kernel.IKernelConnection
): Promise<void> {
  const spec = await kernel.spec;
  if (spec?.language === 'python') {
    await execute(kernel, `if ${LOOK}:\n    ${LOAD}`);
  }
}

/**
 * Put the standard-library part on a kernel's path and load the magics from it. Nothing is installed.
 *
 * @throws Error with the kernel's own words
 */
export async function enableFrom(
  kernel: Kernel.IKernelConnection,
  path: string
): Promise<void> {
  await execute(kernel, enableCode(path));
}

/** A line that installs the package where nothing else helps. */
export const INSTALL = '%pip install jupyter-mlws';

/** Raises where runs of this kernel would stay out of sight, and says what to set. */
const REFUSE_HIDDEN =
  "__import__('jupyter_mlws.magics.gateway', fromlist=['gateway']).refuse_hidden_runs()";

/**
 * See to it that a Python kernel can submit: load the magics, from its own package or from the standard-library part.
 *
 * @throws Error with the kernel's own words
 */
export async function makeReady(
  kernel: Kernel.IKernelConnection,
  path: string
): Promise<void> {
  const enable = enableCode(path).replace(/^/gm, '    ');
  await execute(
    kernel,
    `if ${LOOK}:\n    ${LOAD}\nelse:\n${enable}\n${REFUSE_HIDDEN}`
  );
}

/** The code that `enableFrom` runs; it leaves no name behind. */
export function enableCode(path: string): string {
  const literal = JSON.stringify(path);
  return [
    "if __import__('sys').version_info < (3, 10):",
    "    raise RuntimeError('This kernel runs Python %d.%d, and runs are submitted from Python 3.10 or newer.' % __import__('sys').version_info[:2])",
    `if not __import__('os').path.exists(${literal}):`,
    `    raise FileNotFoundError('The kernel runs on another machine than the Jupyter server. Install the package in its environment: ${INSTALL}')`,
    `if ${literal} not in __import__('sys').path:`,
    `    __import__('sys').path.append(${literal})`,
    "__import__('importlib').invalidate_caches()",
    LOAD
  ].join('\n');
}

async function execute(
  kernel: Kernel.IKernelConnection,
  code: string,
  expressions: Record<string, string> = {}
): Promise<Record<string, unknown>> {
  const future = kernel.requestExecute({
    code,
    silent: true,
    store_history: false,
    stop_on_error: false,
    allow_stdin: false,
    user_expressions: expressions
  });
  const { content } = await future.done;
  if (content.status === 'error') {
    throw new Error(content.evalue || content.ename);
  }
  return content.status === 'ok' ? content.user_expressions : {};
}
