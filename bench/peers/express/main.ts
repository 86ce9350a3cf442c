import 'reflect-metadata';
import { createHash, randomBytes } from 'node:crypto';
import express, { type NextFunction, type Request, type Response } from 'express';
import { TerraClient } from 'terra-api';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { RETURN_URL } from '../../credentials';
import { ApiKey, Connection, Event, Receipt, Session } from './entities';
import { receiveWebhook } from './webhooks';

/**
 * What a team writes in a week: Express, Terra's own SDK and TypeORM's repositories. It applies each event in the request that
 * delivers it.
 */
const { DATABASE_URL, PUBLIC_URL, PORT, TERRA_DEV_ID = '', TERRA_API_KEY = '', TERRA_API_URL } = process.env;
const dataSource = new DataSource({
  type: 'postgres',
  url: DATABASE_URL,
  entities: [ApiKey, Connection, Event, Receipt, Session],
  poolSize: 12,
});
const terra = new TerraClient({ devId: TERRA_DEV_ID, apiKey: TERRA_API_KEY, baseUrl: TERRA_API_URL });
const app = express();

const requireScope =
  (scope: string) =>
  async (request: Request, response: Response, next: NextFunction): Promise<void> => {
    const key = /^Bearer +(\S+)$/i.exec(request.header('authorization') ?? '')?.[1] ?? '';
    const keyHash = createHash('sha256').update(key).digest();
    const found = await dataSource.getRepository(ApiKey).findOneBy({ keyHash });
    const mayPass = found !== null && (found.scopes.includes('admin') || found.scopes.includes(scope));
    if (!mayPass) response.status(found ? 403 : 401).end();
    else {
      response.locals.apiKeyId = found.id;
      next();
    }
  };

app.get('/health/ready', (_request, response) => void response.status(200).end());
app.post('/webhooks/terra', express.raw({ type: '*/*', limit: '15mb' }), (request, response) =>
  receiveWebhook(dataSource, request, response),
);
app.get('/v1/connections', requireScope('connections:read'), async (request, response) => {
  const where = { referenceId: request.query.referenceId as string };
  const items = await dataSource.getRepository(Connection).find({ where, order: { id: 'DESC' }, take: 50 });
  response.json({ items, nextCursor: null });
});
app.post(
  '/v1/connect-sessions',
  express.json(),
  requireScope('sessions:write'),
  async (request, response) => {
    const {
      referenceId,
      providers = [],
      returnUrl,
      metadata,
    } = request.body as {
      referenceId: string;
      providers?: string[];
      returnUrl?: string;
      metadata?: object;
    };
    if (returnUrl !== undefined && returnUrl !== RETURN_URL) return void response.status(422).end();
    const sessions = dataSource.getRepository(Session);
    const nonce = randomBytes(32).toString('base64url');
    const session = await sessions.save({
      id: uuidv7(),
      referenceId,
      status: 'pending',
      providers,
      returnUrl: returnUrl ?? null,
      metadata: metadata ?? null,
      connectToken: randomBytes(32).toString('base64url'),
      returnNonceHash: createHash('sha256').update(nonce).digest(),
      apiKeyId: response.locals.apiKeyId as string,
      createdAt: new Date(),
      expiresAt: new Date(Date.now() + 15_000),
    });
    const widget = await terra.authentication.generatewidgetsession(
      {
        reference_id: referenceId,
        providers: providers.join(','),
        auth_success_redirect_url: `${PUBLIC_URL}/connect/return/${nonce}/success`,
        auth_failure_redirect_url: `${PUBLIC_URL}/connect/return/${nonce}/failure`,
      },
      { timeoutInSeconds: 10 },
    );
    session.terraSessionId = widget.session_id ?? null;
    session.widgetUrl = widget.url ?? null;
    session.expiresAt = new Date(Date.now() + (widget.expires_in ?? 0) * 1_000);
    await sessions.save(session);
    const { id, status, connectToken, widgetUrl, createdAt, expiresAt } = session;
    const connectUrl = `${PUBLIC_URL}/connect/${connectToken}`;
    const asked = { referenceId, providers, returnUrl, metadata };
    response.status(201).json({ id, status, ...asked, connectUrl, widgetUrl, createdAt, expiresAt });
  },
);

async function main(): Promise<void> {
  await dataSource.initialize();
  const server = app.listen(Number(PORT), '127.0.0.1');
  process.once('SIGTERM', () => {
    server.close();
    server.closeAllConnections();
    dataSource.destroy().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
