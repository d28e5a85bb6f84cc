const { configure } = require('@testing-library/react');

// What a test waits for comes at once, but pytest may run beside it.
configure({ asyncUtilTimeout: 10 * 1000 });
