/** What openapi.json does not say about the answers of the services that this test file started: one line each. */
export const undeclared: string[] = [];
