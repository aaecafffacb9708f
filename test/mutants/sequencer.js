// Suites in the order in which they were asked for; jest would begin with the largest.
const placeOf = ({ path }) => process.argv.indexOf(path);

export default class {
  sort(tests) {
    return [...tests].sort((one, other) => placeOf(one) - placeOf(other));
  }

  cacheResults() {}
}
