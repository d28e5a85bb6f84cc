/**
 * On CI a test that fails is tried again (scripts/browser-tests.sh). One that
 * passes only then is flaky, which is a defect: this names those that failed
 * at first, and refuses where they are more than a few.
 *
 *   node second-chance.js test-results/results.json
 */
const { readFileSync } = require('fs');

const AT_MOST = 3;

function specsOf({ specs = [], suites = [] }) {
  return [...specs, ...suites.flatMap(specsOf)];
}

const results = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const failed = specsOf(results).filter(spec => !spec.ok);
for (const { file, line, title } of failed) {
  console.log(`FLAKY ${file}:${line} ${title}`);
}
// An error of no test, such as a server that did not start, counts as one.
const count = failed.length + results.errors.length;
if (failed.length === 0 || count > AT_MOST) {
  console.error(`${count} failed: there is no second attempt.`);
  process.exit(1);
}
