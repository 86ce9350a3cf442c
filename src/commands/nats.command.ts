import type { Command } from 'commander';
import { readEnvironment } from '../config';
import { NatsRelay } from '../events';
import { IsInstant } from '../http';
import { asked } from './asked';
import { UsageError, withExamples } from './program';
import { withWholeService } from './with-whole-service';

class RepeatRequest {
  @IsInstant()
  from: Date;
}

export function addNatsCommand(program: Command): void {
  const command = withExamples(
    program.command('nats').description('see and repeat what leaves through NATS JetStream'),
    'nats status',
    'nats repeat --from 2026-11-23',
  );
  withExamples(
    command
      .command('status')
      .description('print how many events NATS has not stored yet')
      .action(async () => {
        const { events, seconds } = await withRelay((relay) => relay.lag());
        console.log(`events that wait: ${events}\nage of the oldest: ${Math.round(seconds)} s`);
      }),
    'nats status',
  );
  withExamples(
    command
      .command('repeat')
      .description(
        'publish events again, for example after the stream was lost; consumers see their ids again',
      )
      .requiredOption('--from <time>', 'stored at or after: 2026-11-23 or 2026-11-23T09:30:00Z')
      .action(async (options: { from: string }) => {
        const events = await asked(RepeatRequest, { ...options }, { from: '--from' }, ({ from }) =>
          withRelay((relay) => relay.repeatFrom(from)),
        );
        console.log(`events to publish again, of all types: ${events}`);
      }),
    'nats repeat --from 2026-11-23T09:30:00Z',
  );
}

function withRelay<Result>(work: (relay: NatsRelay) => Promise<Result>): Promise<Result> {
  const environment = readEnvironment();
  // The position of a relay that does not run would begin here, and not at its first run.
  if (environment.EVENTS_NATS_URL.length === 0)
    throw new UsageError('no events leave through NATS. Set EVENTS_NATS_URL as for the service');
  return withWholeService(NatsRelay, work, environment);
}
