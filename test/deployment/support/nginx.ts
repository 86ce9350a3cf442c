import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../../../local/ports';
import { makeProgramFolder, ProgramProcess, type DebianProgram } from './debian-program';

export const NGINX: DebianProgram = { command: 'nginx', debianPackage: 'nginx', variable: 'NGINX' };

export interface Nginx {
  url: string;
  /** Its error log. */
  log: () => string;
  /** Replaces the directives of the `http` block. Requests in progress end under the old ones. */
  reload: (http: (port: number) => string) => void;
  stop: () => Promise<void>;
}

const TEMPORARY_FOLDERS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/**
 * Starts nginx on a free port of 127.0.0.1, as the current user, with every file in a folder of its own.
 *
 * @param http the directives of the `http` block, for the port that nginx listens on
 */
export async function startNginx(http: (port: number) => string): Promise<Nginx> {
  const port = await findFreePort();
  const folder = makeProgramFolder(NGINX);
  const file = join(folder, 'nginx.conf');
  const writeConfiguration = (directives: string): void => writeFileSync(file, around(directives, folder));
  writeConfiguration(http(port));
  const nginx = await ProgramProcess.start({
    program: NGINX,
    args: ['-p', folder, '-c', file, '-e', 'stderr'],
    folder,
    port,
    user: { prefix: ['setpriv', '--pdeathsig', 'TERM'] },
  });
  return {
    url: `http://127.0.0.1:${port}`,
    log: () => nginx.log(),
    reload: (changed) => {
      writeConfiguration(changed(port));
      process.kill(nginx.pid, 'SIGHUP');
    },
    stop: () => nginx.stop(),
  };
}

function around(http: string, folder: string): string {
  // Without the directive, root's nginx starts its workers as a user that may not enter the folder.
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  return `
    daemon off;
    ${user}
    worker_processes 1;
    pid ${join(folder, 'nginx.pid')};
    error_log stderr notice;
    events { worker_connections 1024; }
    http {
      access_log off;
      ${TEMPORARY_FOLDERS.map((name) => `${name}_temp_path ${join(folder, name)};`).join('\n      ')}
      ${http}
    }
  `;
}
