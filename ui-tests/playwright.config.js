/**
 * Real JupyterLab, real kernel, the machine's own Chromium; started by
 * scripts/browser-tests.sh, which chooses the port and the folders.
 */
const baseConfig = require('@jupyterlab/galata/lib/playwright-config');

const baseURL = `http://127.0.0.1:${process.env.MLWS_UI_PORT}`;
// Galata reads the address of the server from here.
process.env.TARGET_URL = baseURL;

module.exports = {
  ...baseConfig,
  testDir: './tests',
  expect: {
    // Two cores have a browser, a server, a dispatcher and jobs to serve.
    timeout: 10 * 1000,
    // A chart line is a few pixels wide: a ratio would let it vanish unseen.
    toHaveScreenshot: { maxDiffPixels: 50 }
  },
  snapshotPathTemplate: '{testDir}/{testFileName}-snapshots/{arg}{ext}',
  reporter: [
    ['list'],
    ['html', { open: 'never' }],
    ['json', { outputFile: 'test-results/results.json' }]
  ],
  // A second attempt beside what the first one left would fail of that: scripts/browser-tests.sh gives one from scratch.
  retries: 0,
  workers: 1,
  timeout: 90 * 1000,
  use: {
    ...baseConfig.use,
    baseURL,
    // A copy of the page before and after each step is more work for it than what is tested; MLWS_UI_TRACE=on has them.
    trace: process.env.MLWS_UI_TRACE ?? {
      mode: 'retain-on-failure',
      screenshots: false,
      snapshots: false
    },
    screenshot: 'only-on-failure',
    video: 'off',
    launchOptions: {
      executablePath: process.env.MLWS_CHROMIUM,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run'
      ]
    }
  },
  webServer: {
    command: 'jupyter lab --config jupyter_server_test_config.py',
    url: `${baseURL}/lab`,
    timeout: 60 * 1000,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 10 * 1000 },
    reuseExistingServer: false,
    stdout: 'ignore',
    stderr: process.env.MLWS_UI_LOG ? 'pipe' : 'ignore'
  }
};
