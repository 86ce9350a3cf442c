/** Kept equal to package.json's by a spec: reading the file at run time would tie the code to where it is built to. */
export const VERSION = '0.1.0';
