import { execFile, spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { chownSync, lstatSync, readdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LauncherError } from './launcher-error';

const run = promisify(execFile);

/** How to start a PostgreSQL program: as a user that PostgreSQL accepts, and so that the program ends with this process. */
export interface PostgresUser {
  /** The command and arguments to put before the program. */
  prefix: string[];
  uid?: number;
  gid?: number;
}

const DIE_WITH_PARENT = ['setpriv', '--pdeathsig', 'INT'];
const NOBODY = 65534;

function isKnownToSystem(): boolean {
  try {
    return userInfo().username !== '';
  } catch {
    return false;
  }
}

function candidateUsers(folderOwner: number): PostgresUser[] {
  if (process.platform === 'win32') return [{ prefix: [] }];
  const linux = process.platform === 'linux';
  const lifetimePrefixes = linux ? [DIE_WITH_PARENT, []] : [[]];
  // PostgreSQL does not run as root or as a user that the system does not know. A user namespace that maps such a user to
  // "nobody" keeps the user's access to files, so PostgreSQL can also use a data folder below a folder of mode 0700.
  const namespace = ['unshare', '--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`];
  const inNamespace = linux ? lifetimePrefixes.map((prefix) => ({ prefix: [...namespace, ...prefix] })) : [];
  const asCurrentUser = lifetimePrefixes.map((prefix) => ({ prefix }));
  if (process.getuid?.() !== 0) return isKnownToSystem() ? asCurrentUser : [...inNamespace, ...asCurrentUser];

  // A folder of an ordinary user keeps its owner: after one "sudo npm start", the user can still start without sudo.
  const uid = folderOwner === 0 ? NOBODY : folderOwner;
  const keepFileAccess = ['--inh-caps', '+dac_override', '--ambient-caps', '+dac_override'];
  const ids = ['--reuid', String(uid), '--regid', String(uid), '--clear-groups'];
  const asUser = [
    ...(linux ? [{ prefix: [...DIE_WITH_PARENT, ...ids, ...keepFileAccess], uid, gid: uid }] : []),
    ...lifetimePrefixes.map((prefix) => ({ prefix, uid, gid: uid })),
  ];
  return folderOwner === 0 ? [...inNamespace, ...asUser] : asUser;
}

/** The ids for spawn. Empty when setpriv changes the user: only as root can setpriv pass on root's access to folders. */
function spawnIds(user: PostgresUser): { uid?: number; gid?: number } {
  return user.prefix.includes('--reuid') || user.uid === undefined ? {} : { uid: user.uid, gid: user.gid };
}

function changeOwner(path: string, uid: number, gid: number): void {
  const entry = lstatSync(path);
  if (entry.uid !== uid) chownSync(path, uid, gid);
  if (entry.isDirectory()) readdirSync(path).forEach((name) => changeOwner(join(path, name), uid, gid));
}

/** Returns the best way to start PostgreSQL that works on this machine, and makes its user the owner of the folder. */
export async function choosePostgresUser(postgres: string, folder: string): Promise<PostgresUser> {
  const failures: string[] = [];
  for (const user of candidateUsers(process.platform === 'win32' ? 0 : lstatSync(folder).uid)) {
    const [command = postgres, ...args] = [...user.prefix, postgres, '--version'];
    try {
      await run(command, args, { ...spawnIds(user), timeout: 10_000 });
    } catch (error) {
      const stderr = (error as { stderr?: string }).stderr?.trim();
      failures.push(stderr || (error instanceof Error ? error.message : String(error)));
      continue;
    }
    if (user.uid !== undefined) changeOwner(folder, user.uid, user.gid ?? user.uid);
    return user;
  }
  throw new LauncherError(
    `The embedded PostgreSQL does not run on this machine (${failures.at(-1) ?? 'unknown reason'}). ` +
      'Set DATABASE_URL to your own PostgreSQL.',
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
    // Runs the server in its own process group, so that Ctrl-C reaches only the launcher, which stops every part in order.
    detached: process.platform !== 'win32',
    windowsHide: true,
    // PostgreSQL must write English messages on every machine, because this code recognises some of them.
    env: { ...process.env, LC_ALL: 'C', LC_MESSAGES: 'C', PGDATA: undefined, PGPORT: undefined },
  });
}
