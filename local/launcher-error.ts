/** Something the person at the keyboard can put right. Its message is shown alone, without a stack. */
export class LauncherError extends Error {
  override readonly name: string = 'LauncherError';
}

export class PortTakenError extends LauncherError {
  override readonly name = 'PortTakenError';

  constructor(
    readonly port: number,
    wantedBy: string,
    variable: string,
  ) {
    super(`Port ${port} is taken; ${wantedBy} wants it. Free it, or set ${variable} to another port.`);
  }
}

export function hasCode(error: unknown, ...codes: string[]): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && codes.includes(String(error.code));
}
