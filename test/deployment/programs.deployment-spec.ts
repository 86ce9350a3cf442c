import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from 'pg';
import { createTestDatabase } from '../support/database';
import { findDebianProgram } from './support/debian-program';
import { startNginx } from './support/nginx';
import { startPgBouncer } from './support/pgbouncer';

describe('The programs of a deployment', () => {
  it('nginx passes a request to its upstream', async () => {
    const upstream = createServer((_request, response) => response.end('from the upstream'));
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const { port: upstreamPort } = upstream.address() as AddressInfo;
    const nginx = await startNginx(
      (port) =>
        `server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${upstreamPort}; } }`,
    );
    try {
      expect(await (await fetch(nginx.url)).text()).toBe('from the upstream');
    } finally {
      await nginx.stop();
      upstream.close();
    }
  });

  it('PgBouncer serves the test database in transaction mode', async () => {
    const database = await createTestDatabase();
    const pooler = await startPgBouncer({ databaseUrl: database.url });
    const client = new Client({ connectionString: pooler.url });
    try {
      await client.connect();
      const { rows } = await client.query<{ name: string }>('SELECT current_database() AS name');
      expect(rows).toEqual([{ name: new URL(database.url).pathname.slice(1) }]);
    } finally {
      await client.end();
      await pooler.stop();
      await database.drop();
    }
  });

  it('fails with what to install when a program is missing', () => {
    expect(() =>
      findDebianProgram({ command: 'no-such-program', debianPackage: 'its-package', variable: 'NO_SUCH' }),
    ).toThrow('no-such-program is missing. Run apt-get install its-package, or set NO_SUCH to the path');
  });
});
