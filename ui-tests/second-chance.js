/**
 * On CI a test that fails is tried again (playwright.config.js). One that
 * passes only then is flaky, which is a defect: it is named at the end, and
 * more than a few of them fail the build.
 */
const AT_MOST = 3;

module.exports = class {
  onBegin(_config, suite) {
    this.suite = suite;
  }

  onEnd(result) {
    const flaky = this.suite
      .allTests()
      .filter(test => test.outcome() === 'flaky');
    if (flaky.length === 0) {
      return;
    }
    console.log(
      `\n${flaky.length} flaky: passed at the second attempt, which is a defect of the test or worse`
    );
    for (const test of flaky) {
      console.log(
        `FLAKY ${test.location.file}:${test.location.line} ${test.title}`
      );
    }
    if (flaky.length > AT_MOST && result.status === 'passed') {
      console.log(`More than ${AT_MOST} are too many.`);
      return { status: 'failed' };
    }
  }

  printsToStdio() {
    return false;
  }
};
