import { execFile, spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { chownSync, lstatSync, readdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LauncherError } from './launcher-error';

const run = promisify(execFile);

/** How a PostgreSQL program is started so that it accepts its user and does not outlive us. */
export interface PostgresUser {
  prefix: string[];
  uid?: number;
  gid?: number;
}

const DIE_WITH_US = ['setpriv', '--pdeathsig', 'INT'];
const NOBODY = 65534;

function hasAccount(): boolean {
  try {
    return userInfo().username !== '';
  } catch {
    return false;
  }
}

function candidates(folderOwner: number): PostgresUser[] {
  if (process.platform === 'win32') return [{ prefix: [] }];
  const linux = process.platform === 'linux';
  const dieWithUs = linux ? [DIE_WITH_US, []] : [[]];
  // PostgreSQL runs neither as root nor as a user without an account. A user namespace that calls either "nobody"
  // leaves them their rights to their files, so this works below folders of mode 0700.
  const namespace = ['unshare', '--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`];
  const inNamespace = linux ? dieWithUs.map((prefix) => ({ prefix: [...namespace, ...prefix] })) : [];
  const asWeAre = dieWithUs.map((prefix) => ({ prefix }));
  if (process.getuid?.() !== 0) return hasAccount() ? asWeAre : [...inNamespace, ...asWeAre];

  // A folder that an ordinary user made stays that user's, so that a single "sudo npm start" does not take it away.
  const uid = folderOwner === 0 ? NOBODY : folderOwner;
  const keepReach = ['--inh-caps', '+dac_override', '--ambient-caps', '+dac_override'];
  const ids = ['--reuid', String(uid), '--regid', String(uid), '--clear-groups'];
  const asUser = [
    ...(linux ? [{ prefix: [...DIE_WITH_US, ...ids, ...keepReach], uid, gid: uid }] : []),
    ...dieWithUs.map((prefix) => ({ prefix, uid, gid: uid })),
  ];
  return folderOwner === 0 ? [...inNamespace, ...asUser] : asUser;
}

/** With setpriv changing the user, Node must not: only root can hand on the right to reach root's folders. */
function spawnIds(user: PostgresUser): { uid?: number; gid?: number } {
  return user.prefix.includes('--reuid') || user.uid === undefined ? {} : { uid: user.uid, gid: user.gid };
}

function giveFolder(path: string, uid: number, gid: number): void {
  const entry = lstatSync(path);
  if (entry.uid !== uid) chownSync(path, uid, gid);
  if (entry.isDirectory()) readdirSync(path).forEach((name) => giveFolder(join(path, name), uid, gid));
}

/** Tries the ways that this machine may allow, best first, and prepares the folder for the one that works. */
export async function choosePostgresUser(postgres: string, folder: string): Promise<PostgresUser> {
  const failures: string[] = [];
  for (const user of candidates(process.platform === 'win32' ? 0 : lstatSync(folder).uid)) {
    const [command = postgres, ...args] = [...user.prefix, postgres, '--version'];
    try {
      await run(command, args, { ...spawnIds(user), timeout: 10_000 });
    } catch (error) {
      const stderr = (error as { stderr?: string }).stderr?.trim();
      failures.push(stderr || (error instanceof Error ? error.message : String(error)));
      continue;
    }
    if (user.uid !== undefined) giveFolder(folder, user.uid, user.gid ?? user.uid);
    return user;
  }
  throw new LauncherError(
    `The embedded PostgreSQL does not run on this machine (${failures.at(-1) ?? 'unknown reason'}). ` +
      'Set DATABASE_URL to a PostgreSQL of your own.',
  );
}

export function spawnAs(
  user: PostgresUser,
  program: string,
  args: string[],
  stdio: StdioOptions,
): ChildProcess {
  const [command = program, ...rest] = [...user.prefix, program, ...args];
  return spawn(command, rest, {
    ...spawnIds(user),
    stdio,
    // A session of its own: Ctrl-C in the terminal must reach the launcher only, which stops things in order.
    detached: process.platform !== 'win32',
    windowsHide: true,
    // English messages, whatever the machine speaks: some are recognised.
    env: { ...process.env, LC_ALL: 'C', LC_MESSAGES: 'C', PGDATA: undefined, PGPORT: undefined },
  });
}
