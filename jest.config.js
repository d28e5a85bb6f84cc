const jestJupyterLab = require('@jupyterlab/testing/lib/jest-config');

// Published as ES modules, so Babel has to see them.
const esModules = [
  '@codemirror',
  '@jupyter',
  '@microsoft',
  '@rjsf',
  'exenv-es6',
  'lib0',
  'marked',
  'nanoid',
  'vscode-ws-jsonrpc',
  'y-protocols',
  'y-websocket',
  'yjs'
].join('|');

const baseConfig = jestJupyterLab(__dirname);

module.exports = {
  ...baseConfig,
  automock: false,
  collectCoverageFrom: [
    'src/**/*.{ts,tsx}',
    '!src/**/*.d.ts',
    '!src/**/__tests__/**'
  ],
  coverageReporters: ['lcov', 'text'],
  modulePathIgnorePatterns: [
    '<rootDir>/jupyter_mlws/labextension',
    '<rootDir>/lib',
    '<rootDir>/ui-tests',
    '<rootDir>/\\.'
  ],
  reporters: ['default'],
  setupFilesAfterEnv: ['<rootDir>/jest.setup.js'],
  testTimeout: 30 * 1000,
  testRegex: 'src/.*\\.spec\\.tsx?$',
  transformIgnorePatterns: [`/node_modules/(?!${esModules}).+`]
};
