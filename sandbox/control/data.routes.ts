import type { FastifyInstance } from 'fastify';
import { toWireUser, type LinkedUser } from '../account/linked-user';
import { InvalidRequestError } from '../behaviour';
import type { SandboxContext } from '../context';
import { DATA_TYPES, DAY_DATA_TYPES, type DayDataType } from '../data/data-events';
import type { Delivery } from '../webhooks/delivery';
import { redirectOrSend } from './answers';
import { BodyFields } from './fields';

const HISTORY_TYPES: readonly DayDataType[] = ['activity', 'daily', 'sleep'];
/** Bounds of what one request can make the sandbox send. */
export const DATA_LIMITS = {
  historyDays: { initially: 30, max: 365 },
  /** Terra's older documents: 10 objects. */
  objectsPerChunk: { initially: 10, max: 100 },
  megabytes: { initially: 15, max: 15 },
};
const MAX_URL_LENGTH = 2_000;

/** Routes that send health data of one Terra user at once. The forms of the control page use them, too. */
export function dataRoutes(server: FastifyInstance, { account, data }: SandboxContext): void {
  const addAction = (
    path: string,
    status: number,
    act: (user: LinkedUser, body: unknown) => unknown,
  ): void => {
    server.post<{ Params: { id: string } }>(`/sandbox/users/:id/${path}`, (request, reply) => {
      const user = account.users.get(request.params.id);
      if (!user) return reply.code(404).send({ status: 'error', message: 'There is no such user' });
      return redirectOrSend(request, reply.code(status), act(user, request.body));
    });
  };

  addAction('data', 200, (user, body) => {
    const fields = new BodyFields(body, ['type']);
    for (const type of fields.choices('type', DATA_TYPES, ['daily'])) data.send(user, type);
    return toWireUser(user);
  });
  addAction('history', 202, (user, body) => {
    const fields = new BodyFields(body, ['days', 'type', 'objectsPerChunk']);
    return data.sendHistory(user, {
      days: fields.count('days', DATA_LIMITS.historyDays),
      types: fields.choices('type', DAY_DATA_TYPES, HISTORY_TYPES),
      objectsPerChunk: fields.count('objectsPerChunk', DATA_LIMITS.objectsPerChunk),
    });
  });
  addAction('large', 202, (user, body) => {
    const megabytes = new BodyFields(body, ['megabytes']).count('megabytes', DATA_LIMITS.megabytes);
    return summary(data.sendLarge(user, megabytes * 1_000_000));
  });
  addAction('pointer', 202, (user, body) => {
    const fields = new BodyFields(body, ['type', 'url']);
    const url = fields.text('url') ?? null;
    if (url !== null && url.length > MAX_URL_LENGTH) {
      throw new InvalidRequestError(`url must have at most ${MAX_URL_LENGTH} characters`);
    }
    const types = fields.choices('type', DATA_TYPES, ['daily']);
    return types.map((type) => summary(data.sendPointer(user, type, url)));
  });
}

function summary({ id, type, body }: Delivery): object {
  return { id, type, bytes: Buffer.byteLength(body) };
}
