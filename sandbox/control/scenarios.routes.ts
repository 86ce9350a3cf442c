import type { FastifyInstance } from 'fastify';
import { BehaviourError } from '../behaviour';
import type { SandboxContext } from '../context';
import type { PlayOptions } from '../scenarios/player';
import { SCENARIOS, type Scenario } from '../scenarios/scenarios';
import { done } from './answers';

const OPTIONS = ['referenceId', 'provider'] as const;

/** Scenarios by name. `POST /sandbox/behaviour/reset` ends the one that is in force. */
export function scenarioRoutes(server: FastifyInstance, context: SandboxContext): void {
  server.get('/sandbox/scenarios', () =>
    Object.entries<Scenario>(SCENARIOS).map(([name, { means, switches, provider }]) => ({
      name,
      means,
      switches,
      provider,
    })),
  );
  server.post<{ Params: { name: string } }>('/sandbox/scenarios/:name', async (request, reply) =>
    done(request, reply, await context.play(request.params.name, readOptions(request.body))),
  );
}

function readOptions(body: unknown): PlayOptions {
  const given: unknown = body ?? {};
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new BehaviourError('The request body must be a JSON object');
  }
  for (const [name, value] of Object.entries(given)) {
    if (!OPTIONS.some((option) => option === name)) {
      throw new BehaviourError(`There is no option "${name}". Options: ${OPTIONS.join(', ')}.`);
    }
    if (typeof value !== 'string') throw new BehaviourError(`${name} takes text`);
  }
  return given;
}
