// Make of src/widget the two files that a run's widget carries to its front end: jupyter_mlws/widgets/static/card.{js,css}.
//
//   node scripts/build-widget.mjs [folder to write into]
import console from 'node:console';
import process from 'node:process';
import { rspack } from '@rspack/core';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = resolve(
  process.argv[2] ?? join(root, 'jupyter_mlws/widgets/static')
);

/** What the card is styled with in JupyterLab, and the colours for where there is none. */
const STYLES = [
  'node_modules/uplot/dist/uPlot.min.css',
  ...['panel', 'runs', 'detail', 'charts', 'card', 'widget'].map(
    name => `style/${name}.css`
  )
];

const compiler = rspack({
  mode: 'production',
  context: root,
  entry: './src/widget/index.tsx',
  devtool: false,
  target: ['web', 'es2020'],
  resolve: {
    extensions: ['.tsx', '.ts', '.js'],
    alias: {
      // Outside JupyterLab there is no translation and no server to ask.
      '@jupyterlab/translation': join(
        root,
        'src/widget/outside/translation.ts'
      ),
      // It is among the styles, which are a file of their own.
      'uplot/dist/uPlot.min.css': false,
      '@jupyterlab/services': false,
      '@jupyterlab/coreutils': false
    }
  },
  module: {
    // A widget is one file: what the card fetches later in JupyterLab is in it.
    parser: { javascript: { dynamicImportMode: 'eager' } },
    rules: [
      {
        test: /\.tsx?$/,
        loader: 'builtin:swc-loader',
        options: {
          jsc: {
            parser: { syntax: 'typescript', tsx: true },
            transform: { react: { runtime: 'classic' } },
            target: 'es2020'
          }
        },
        type: 'javascript/auto'
      }
    ]
  },
  experiments: { outputModule: true },
  output: {
    path: folder,
    filename: 'card.js',
    module: true,
    library: { type: 'module' },
    clean: false
  },
  performance: { hints: false }
});

mkdirSync(folder, { recursive: true });
const styles = STYLES.map(path =>
  readFileSync(join(root, path), 'utf8').trim()
);
writeFileSync(join(folder, 'card.css'), `${styles.join('\n')}\n`);
compiler.run((error, stats) => {
  if (error || stats.hasErrors()) {
    console.error(
      error ?? stats.toString({ colors: false, errorDetails: true })
    );
    process.exitCode = 1;
  } else {
    const [{ size }] = stats.toJson({ assets: true }).assets;
    console.log(
      `The card for other front ends: ${Math.round(size / 1024)} kB.`
    );
  }
  compiler.close(() => {});
});
