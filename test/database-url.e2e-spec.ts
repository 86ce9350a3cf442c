import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../local/embedded-postgres';
import { becomesTrue } from '../local/waiting';
import { DATABASE_DEFAULTS, readDatabaseUrl } from '../src/config';
import { dataSourceOptions, describeDatabaseError } from '../src/database';

const CERTIFICATES = join(__dirname, 'support', 'certificates');
const certificate = (name: string): string => join(CERTIFICATES, name);
const AUTHORITY = `sslrootcert=${certificate('authority.crt')}`;
const CLIENT_CERTIFICATE = `sslcert=${certificate('client.crt')}&sslkey=${certificate('client.key')}`;
/** Every printable ASCII character. */
const SPECIAL = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('');
/** Only connections with a certificate of ours may use this database. */
const CERTIFIED = 'certified';

/** Connects as the service does. @returns whether the connection is encrypted, or what the operator reads */
async function connectTo(url: string): Promise<boolean | string | null> {
  const dataSource = new DataSource(
    dataSourceOptions({ ...DATABASE_DEFAULTS, url: readDatabaseUrl({ DATABASE_URL: url }) }, []),
  );
  try {
    await dataSource.initialize();
    const rows = await dataSource.query<{ ssl: boolean }[]>(
      `SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`,
    );
    return rows[0]?.ssl ?? null;
  } catch (error) {
    return describeDatabaseError(error);
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
  }
}

describe('DATABASE_URL', () => {
  let folder: string;
  let postgres: EmbeddedPostgres;
  let admin: Client;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'terra-connect-tls-'));
    postgres = await startEmbeddedPostgres({ dataDir: folder, durable: false });
    await postgres.ensureDatabase(CERTIFIED);
    admin = new Client({ connectionString: postgres.url('postgres') });
    await admin.connect();
    await switchTlsOn();
  });
  afterAll(async () => {
    await admin.end();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function switchTlsOn(): Promise<void> {
    const cluster = join(folder, 'cluster');
    const { uid, gid } = statSync(cluster);
    for (const name of ['server.crt', 'server.key', 'authority.crt']) {
      copyFileSync(certificate(name), join(cluster, name));
      // Postgres uses a key only if no other user may read it.
      chmodSync(join(cluster, name), 0o600);
      chownSync(join(cluster, name), uid, gid);
    }
    const access = join(cluster, 'pg_hba.conf');
    const rule = `hostssl ${CERTIFIED} all 127.0.0.1/32 scram-sha-256 clientcert=verify-ca\nhost ${CERTIFIED} all 127.0.0.1/32 reject`;
    writeFileSync(access, `${rule}\n${readFileSync(access, 'utf8')}`);
    await admin.query(`ALTER SYSTEM SET ssl_cert_file = 'server.crt'`);
    await admin.query(`ALTER SYSTEM SET ssl_key_file = 'server.key'`);
    await admin.query(`ALTER SYSTEM SET ssl_ca_file = 'authority.crt'`);
    await admin.query('ALTER SYSTEM SET ssl = on');
    await admin.query('SELECT pg_reload_conf()');
    const hasTls = async (): Promise<boolean> => (await connectTo(urlOf('sslmode=require'))) === true;
    expect(await becomesTrue(hasTls, 10_000, 50)).toBe(true);
  }

  function urlOf(parameters: string, { host = '127.0.0.1', database = 'postgres' } = {}): string {
    const url = new URL(postgres.url(database));
    url.hostname = host;
    return `${url.href}?${parameters}`;
  }

  it.each(['', 'sslmode=disable'])('with %j connects without encryption', async (parameters) => {
    expect(await connectTo(urlOf(parameters))).toBe(false);
  });

  it.each([
    ['sslmode=require', '127.0.0.1'],
    [`sslmode=require&${AUTHORITY}`, '127.0.0.1'],
    [`sslmode=verify-ca&${AUTHORITY}`, '127.0.0.1'],
    [`sslmode=verify-full&${AUTHORITY}`, 'localhost'],
    ['sslmode=no-verify', 'localhost'],
  ])('with %s encrypts the connection to %s', async (parameters, host) => {
    expect(await connectTo(urlOf(parameters, { host }))).toBe(true);
  });

  it('with verify-full rejects a certificate of an unknown authority', async () => {
    expect(await connectTo(urlOf('sslmode=verify-full', { host: 'localhost' }))).toMatch(
      /not signed by a known authority\. Set sslrootcert/,
    );
  });

  it('with verify-full rejects a certificate for another host', async () => {
    expect(await connectTo(urlOf(`sslmode=verify-full&${AUTHORITY}`, { host: '127.0.0.1' }))).toMatch(
      /the server's certificate is for another host/,
    );
  });

  it('with verify-ca rejects a certificate of another authority', async () => {
    const other = `sslrootcert=${certificate('client.crt')}`;
    expect(await connectTo(urlOf(`sslmode=verify-ca&${other}`))).toMatch(/not signed by a known authority/);
  });

  it('can name the certificate of the client, which a server may demand', async () => {
    const toCertified = (parameters: string) => connectTo(urlOf(parameters, { database: CERTIFIED }));
    expect(await toCertified(`sslmode=require&${CLIENT_CERTIFICATE}`)).toBe(true);
    expect(await toCertified('sslmode=require')).toMatch(/Set sslcert and sslkey in the URL/);
    expect(await toCertified('sslmode=disable')).toMatch(/Postgres rejects the connection \(.*pg_hba/);
  });

  it('says what to do when the server has no TLS', async () => {
    expect(await connectTo(`${process.env.TEST_POSTGRES_URL}?sslmode=require`)).toMatch(
      /the server has no TLS\. Switch TLS on there, or use sslmode=disable/,
    );
  });

  it('can have any character in the user and in the password, percent-encoded', async () => {
    await admin.query(`CREATE ROLE ${admin.escapeIdentifier(SPECIAL.slice(0, 63))} LOGIN
      PASSWORD ${admin.escapeLiteral(SPECIAL)}`);
    const { host } = new URL(postgres.url('postgres'));
    const [user, password] = [SPECIAL.slice(0, 63), SPECIAL].map(encodeURIComponent);
    expect(await connectTo(`postgres://${user}:${password}@${host}/postgres`)).toBe(false);
    expect(await connectTo(`postgres://${user}:${password}@${host}/postgres?sslmode=require`)).toBe(true);
  });

  it('with a wrong password or database leads to a message that says which', async () => {
    const wrong = new URL(postgres.url('postgres'));
    wrong.password = 'canary-7';
    const message = await connectTo(wrong.href);
    expect(message).toMatch(/^Postgres rejects the user or the password \(password authentication failed/);
    expect(message).not.toContain('canary-7');
    expect(await connectTo(postgres.url('nowhere'))).toBe(
      'Database "nowhere" does not exist: create the database first, or correct its name in the URL.',
    );
  });
});
