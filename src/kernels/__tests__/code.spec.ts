import { Kernel } from '@jupyterlab/services';

import { enableCode, enableFrom, hasPackage, loadMagics } from '../code';

interface IRequest {
  code: string;
  silent?: boolean;
  store_history?: boolean;
}

/** A kernel that records what it is asked and answers with this content. */
function makeKernel(language: string, content: object) {
  const requests: IRequest[] = [];
  const kernel = {
    info: Promise.resolve({ language_info: { name: language } }),
    spec: Promise.resolve({ language }),
    requestExecute: (request: IRequest) => {
      requests.push(request);
      return { done: Promise.resolve({ content }) };
    }
  };
  return { kernel: kernel as unknown as Kernel.IKernelConnection, requests };
}

function found(text: string) {
  return {
    status: 'ok',
    user_expressions: { has: { data: { 'text/plain': text } } }
  };
}

describe('hasPackage', () => {
  it.each([
    ['True', true],
    ['False', false]
  ])('reads %s', async (text, has) => {
    const { kernel, requests } = makeKernel('python', found(text));
    expect(await hasPackage(kernel)).toBe(has);
    expect(requests[0]).toMatchObject({ silent: true, store_history: false });
  });

  it('does not ask kernels of other languages', async () => {
    const { kernel, requests } = makeKernel('R', {});
    expect(await hasPackage(kernel)).toBeNull();
    expect(requests).toEqual([]);
  });
});

describe('enableFrom', () => {
  it('passes on why the kernel could not', async () => {
    const { kernel } = makeKernel('python', {
      status: 'error',
      ename: 'FileNotFoundError',
      evalue: 'Not on this machine.'
    });
    await expect(enableFrom(kernel, '/a.zip')).rejects.toThrow(
      'Not on this machine.'
    );
  });

  it('puts the path into the code as a literal', () => {
    expect(enableCode('/a"b\\c.zip')).toContain('append("/a\\"b\\\\c.zip")');
  });
});

describe('loadMagics', () => {
  it('leaves kernels of other languages alone', async () => {
    const { kernel, requests } = makeKernel('R', {});
    await loadMagics(kernel);
    expect(requests).toEqual([]);
  });
});
