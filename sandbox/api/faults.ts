import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FaultStep } from '../behaviour';
import type { SandboxContext } from '../context';
import { ApiError, HtmlError } from './errors';

const HUGE_BYTES = 50 * 1_024 * 1_024;

/** Resets the connection before the body is read, as an unreachable host does. */
export function resetIfDown(context: SandboxContext, request: FastifyRequest, reply: FastifyReply): void {
  if (context.behaviour.down) reset(request, reply);
}

/** Applies the fault switches of the API. Returns true if the route must not answer the request any more. */
export async function applyFaults(
  context: SandboxContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<boolean> {
  const { behaviour } = context;
  if (!request.url.includes(behaviour.faultsOnlyOn)) return false;
  // Takes the step before the wait, so that parallel calls take their steps in the order of arrival.
  const step = behaviour.failWith.shift() ?? (isNthCall(context) ? 500 : 'ok');
  if (behaviour.delayMs > 0) await sleep(behaviour.delayMs, undefined, { signal: context.closing });
  if (behaviour.stall) return applyFault('stall', request, reply);
  if (step !== 'ok') return applyFault(step, request, reply);
  if (!behaviour.okWithStatusError) return false;
  await reply.code(200).send({ status: 'error', message: 'Something went wrong' });
  return true;
}

/** Counts from the first call after `failEvery` is set, so that each run fails the same calls. */
function isNthCall(context: SandboxContext): boolean {
  const { failEvery } = context.behaviour;
  context.callsCounted = failEvery > 0 ? context.callsCounted + 1 : 0;
  return failEvery > 0 && context.callsCounted % failEvery === 0;
}

async function applyFault(step: FaultStep, request: FastifyRequest, reply: FastifyReply): Promise<boolean> {
  if (typeof step === 'number') throw errorFor(step);
  if (step === 'html') throw new HtmlError(500);
  if (step === 'stall') reply.hijack();
  else if (step === 'reset') reset(request, reply);
  else if (step === 'truncated')
    await reply.type('application/json').send('{"status":"success","users":[{"user_i');
  else if (step === 'huge') await sendHuge(reply);
  return true;
}

function reset(request: FastifyRequest, reply: FastifyReply): void {
  reply.hijack();
  request.raw.socket.destroy();
}

async function sendHuge(reply: FastifyReply): Promise<void> {
  await reply.type('application/json').send(`{"status":"success","padding":"${'x'.repeat(HUGE_BYTES)}"}`);
}

function errorFor(status: number): ApiError {
  if (status === 429) {
    return new ApiError(429, 'Rate limit exceeded', {
      headers: {
        'retry-after': '1',
        'x-terra-ratelimit-limit': '6000',
        'x-terra-ratelimit-remaining': '0',
        'x-terra-ratelimit-reset-after': '1',
        'x-terra-ratelimit-rule': 'r2',
      },
    });
  }
  if (status === 503) {
    return new ApiError(503, 'Authorization is unavailable, try again', {
      code: 'authorization_unavailable',
    });
  }
  if (status === 403) {
    return new ApiError(403, 'Your plan does not include this product', { code: 'entitlement_required' });
  }
  return new ApiError(status, `The sandbox is set to answer ${status}`);
}
