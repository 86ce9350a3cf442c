/** A spec compares this with package.json. The code does not read that file, because its path depends on the build. */
export const VERSION = '0.2.0';
