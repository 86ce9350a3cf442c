import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import { verifyTerraWebhookSignature } from 'terra-api';
import type { DataSource, EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Connection, Event, Receipt } from './entities';

const SECRET = process.env.TERRA_SIGNING_SECRETS ?? '';

interface Payload {
  type: string;
  user?: { user_id: string; provider: string; reference_id?: string; scopes?: string };
}

/** Stores the event and applies it, in one transaction, before it answers: a retry of Terra finds the receipt. */
export async function receiveWebhook(
  dataSource: DataSource,
  request: Request,
  response: Response,
): Promise<void> {
  const body = request.body as Buffer;
  const header = request.header('x-terra-signature') ?? '';
  try {
    await verifyTerraWebhookSignature(body.toString('utf8'), header, SECRET, { tolerance: 300 });
  } catch {
    response.status(401).end();
    return;
  }
  const traceId = request.header('x-terra-trace-id') ?? null;
  const now = new Date();
  await dataSource.transaction(async (manager) => {
    const digest = createHash('sha256').update(`${traceId}:`).update(body).digest();
    const receipt = { digest, receivedAt: now };
    const inserting = manager.createQueryBuilder().insert().into(Receipt).values(receipt).orIgnore();
    const inserted = (await inserting.returning('digest').execute()).raw as unknown[];
    if (inserted.length === 0) return;
    await manager.getRepository(Event).insert({
      id: uuidv7(),
      traceId,
      signedAt: new Date(Number(/^t=(\d+)/.exec(header)?.[1]) * 1_000),
      receivedAt: now,
      body,
      status: 'done',
      nextAttemptAt: now,
    });
    await apply(manager, JSON.parse(body.toString('utf8')) as Payload, now);
  });
  response.status(200).end();
}

async function apply(manager: EntityManager, { type, user }: Payload, now: Date): Promise<void> {
  if (!user) return;
  const connections = manager.getRepository(Connection);
  const known = await connections.findOneBy({ terraUserId: user.user_id });
  if (type === 'auth' || type === 'user_reauth') {
    await connections.save({
      ...(known ?? { id: uuidv7(), connectedAt: now }),
      referenceId: user.reference_id ?? '',
      provider: user.provider,
      terraUserId: user.user_id,
      status: 'active',
      scopes: user.scopes?.split(',') ?? [],
      updatedAt: now,
    });
    return;
  }
  if (!known) return;
  const ended = { status: 'disconnected', statusReason: type, disconnectedAt: now, updatedAt: now };
  if (type === 'deauth' || type === 'access_revoked') await connections.update({ id: known.id }, ended);
  else if (type === 'connection_error')
    await connections.update({ id: known.id }, { status: 'needs_reauth', updatedAt: now });
  else await connections.update({ id: known.id }, { lastDataAt: now });
}
