/** A problem that the user of the command can fix. The command prints only the message, without a stack. */
export class LauncherError extends Error {
  override readonly name: string = 'LauncherError';
}

export class PortTakenError extends LauncherError {
  override readonly name = 'PortTakenError';

  constructor(
    readonly port: number,
    neededBy: string,
    variable: string,
  ) {
    super(`Port ${port} is taken; ${neededBy} needs it. Free the port, or set ${variable} to another port.`);
  }
}

export function hasCode(error: unknown, ...codes: string[]): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && codes.includes(String(error.code));
}
