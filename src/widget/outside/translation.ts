/** What stands for JupyterLab's translations where there is no JupyterLab: the words as they are written. */
const bundle = {
  __: (text: string, ...values: unknown[]): string => filled(text, values),
  _n: (one: string, many: string, n: number, ...values: unknown[]): string =>
    filled(n === 1 ? one : many, [n, ...values])
};

export const nullTranslator = { load: () => bundle };

function filled(text: string, values: readonly unknown[]): string {
  return text.replace(/%(\d+)/g, (_, at) => String(values[Number(at) - 1]));
}
