// The tests' own transform, with one file changed on its way: no file is written.
const { createHash } = require('node:crypto');
const plain = require('../../jest-transform.cjs');

/** The same for as long as this process runs: its file, from where to where, and what stands there instead. */
const mutant = JSON.parse(process.env.SALLYPORT_MUTANT ?? 'null');

const changed = (source, file) => (file === mutant?.file ? source.slice(0, mutant.start) + mutant.text + source.slice(mutant.end) : source);

module.exports = {
  getCacheKey: (source, file) =>
    createHash('sha256')
      .update(`${file}\n${changed(source, file)}`)
      .digest('hex'),
  processAsync: (source, file) => plain.processAsync(changed(source, file), file),
  process: (source, file) => plain.process(changed(source, file), file),
};
