import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../../../local/ports';
import { makeProgramFolder, ProgramProcess, type DebianProgram } from './debian-program';

export const NGINX: DebianProgram = { command: 'nginx', debianPackage: 'nginx', variable: 'NGINX' };

export interface Nginx {
  url: string;
  /** Its error log, and what it has written to its output. */
  log: () => string;
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
  const temporary = TEMPORARY_FOLDERS.map((name) => `${name}_temp_path ${join(folder, name)};`);
  mkdirSync(join(folder, 'client_body'));
  writeFileSync(
    join(folder, 'nginx.conf'),
    `
    daemon off;
    # One process, so that nginx ends with the test run and keeps the current user's access to the folder.
    master_process off;
    pid ${join(folder, 'nginx.pid')};
    error_log stderr notice;
    events { worker_connections 1024; }
    http {
      access_log off;
      ${temporary.join('\n      ')}
      ${http(port)}
    }
    `,
  );
  const process = await ProgramProcess.start({
    program: NGINX,
    args: ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'],
    folder,
    port,
    user: { prefix: ['setpriv', '--pdeathsig', 'TERM'] },
  });
  return { url: `http://127.0.0.1:${port}`, log: () => process.log(), stop: () => process.stop() };
}
