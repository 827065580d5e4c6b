// Jest reads no styles.
module.exports = {};
