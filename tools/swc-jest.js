const { createTransformer } = require('@swc/jest');

/**
 * `@swc/jest` gives a source map as text, which what counts coverage takes for an object with an entry for each character: the code
 * would be ten times as long, and the lines wrong.
 */
module.exports = {
  createTransformer(options) {
    const { getCacheKey, process } = createTransformer(options);
    return {
      getCacheKey,
      process(...args) {
        const { code, map } = process(...args);
        return { code, map: map && JSON.parse(map) };
      },
    };
  },
};
