import { createHash } from 'node:crypto';
import { nkeys } from '@nats-io/transport-node';

type KeyPair = ReturnType<typeof nkeys.createUser>;

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** What an operator makes with `nsc`: a server's configuration with an account, and the .creds file of its user. */
export function credentialsOf(): { configuration: string; credentials: string; stranger: string } {
  const [operator, account, user] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createUser()];
  const system = nkeys.createAccount();
  const unlimited = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const limits = {
    subs: -1,
    data: -1,
    payload: -1,
    imports: -1,
    exports: -1,
    wildcards: true,
    conn: -1,
    leaf: -1,
  };
  const operatorJwt = jwt(operator, operator, { type: 'operator' });
  const accountJwt = jwt(account, operator, { type: 'account', limits: { ...limits, ...unlimited } });
  const systemJwt = jwt(system, operator, { type: 'account', limits });
  return {
    configuration: `operator: ${operatorJwt}
      system_account: ${system.getPublicKey()}
      resolver: MEMORY
      resolver_preload: { ${account.getPublicKey()}: ${accountJwt}, ${system.getPublicKey()}: ${systemJwt} }`,
    credentials: credsFile(user, account),
    stranger: credsFile(nkeys.createUser(), nkeys.createAccount()),
  };
}

function credsFile(user: KeyPair, account: KeyPair): string {
  const rights = { type: 'user', subs: -1, data: -1, payload: -1 };
  return `-----BEGIN NATS USER JWT-----
${jwt(user, account, rights)}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${Buffer.from(user.getSeed()).toString()}
------END USER NKEY SEED------
`;
}

/** A JWT as NATS has it: its id is a digest of its claims. */
function jwt(subject: KeyPair, issuer: KeyPair, nats: object): string {
  const claims = {
    jti: '',
    iat: Math.floor(Date.now() / 1_000),
    iss: issuer.getPublicKey(),
    name: 'test',
    sub: subject.getPublicKey(),
    nats: { ...nats, version: 2 },
  };
  const digest = createHash('sha512-256').update(JSON.stringify(claims)).digest();
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const head = encode({ typ: 'JWT', alg: 'ed25519-nkey' });
  const signed = `${head}.${encode({ ...claims, jti: toBase32(digest) })}`;
  return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString('base64url')}`;
}

function toBase32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? []).map((five) => BASE32[parseInt(five.padEnd(5, '0'), 2)]).join('');
}
