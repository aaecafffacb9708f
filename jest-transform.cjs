// TypeScript to ES modules by esbuild: no type check here, that is tsc's work.
const esbuild = require('esbuild');

module.exports = {
  processAsync: async (source, file) => esbuild.transformSync(source, options(file)),
  process: (source, file) => esbuild.transformSync(source, options(file)),
};

const options = (file) => ({ loader: 'ts', format: 'esm', target: 'node20.10', sourcemap: 'inline', sourcefile: file });
