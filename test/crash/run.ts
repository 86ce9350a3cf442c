import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from '../../local/ports';
import type { StopList } from '../../local/stop-list';
import { CrashingPostgres } from '../stage/crashing-postgres';
import { migrate, ServiceProcess } from '../stage/service-process';
import { deadlineIn, TerraSender, type Delivery } from '../stage/terra-sender';
import { SeededRandom } from '../support/seeded-random';
import { deliveriesOf } from './deliveries';
import { expectedOf } from './expectation';
import { crashPostgres, ServiceKiller } from './killers';
import type { Options } from './options';
import type { Report } from './report';
import { createSequences } from './event-sequences';
import { checkEvidence } from './check';
import { EvidenceReader } from './evidence-reader';

// The name marks a folder of the tests: the next "npm test" removes the folder if this run is killed.
const FOLDER_PREFIX = 'terra-connect-test-crash-';
const DEADLINE_MS = 5 * 60_000;
const PROCESSING_TIMEOUT_MS = 90_000;
const DELIVERIES_PER_SECOND = 180;
const POSTGRES_KILLS = 3;
/** The probability that Terra repeats an acknowledged delivery. */
const SENT_TWICE = 0.03;
const POLL_MS = 20;

export async function run(options: Options, toStop: StopList): Promise<Report> {
  const startedAt = Date.now();
  const deadline = deadlineIn(DEADLINE_MS);
  const random = new SeededRandom(options.seed);
  const sequences = createSequences(random, options.deliveries);
  const deliveries = deliveriesOf(sequences, random, startedAt);

  const folder = mkdtempSync(join(realpathSync(tmpdir()), FOLDER_PREFIX));
  toStop.add('the folder', () => Promise.resolve(rmSync(folder, { recursive: true, force: true })));
  const postgres = await CrashingPostgres.start({ dataDir: folder, durable: !options.noFsync });
  toStop.add('the database', () => postgres.close());
  const databaseUrl = await postgres.database('service');
  const logFile = join(folder, 'service.log');
  await migrate(databaseUrl, logFile);

  const port = await findFreePort();
  const spawn = (): ServiceProcess => ServiceProcess.spawn({ databaseUrl, port, logFile });
  const killer = new ServiceKiller(spawn, new SeededRandom(random.below(2 ** 31)));
  toStop.add('the service', () => killer.stop());
  await killer.start();

  const serviceUrl = `http://127.0.0.1:${port}`;
  const sender = new TerraSender(() => serviceUrl);
  const deliveringFrom = Date.now();
  const postgresRandom = new SeededRandom(random.below(2 ** 31));
  const [unacknowledged, postgresKills] = await Promise.all([
    deliverAll(sender, deliveries, random, deadline),
    crashRepeatedly(postgres, sender, deliveries.length, postgresRandom, deadline),
  ]);
  await killer.stopKilling();
  const deliveredAt = Date.now();

  const reader = new EvidenceReader(databaseUrl, serviceUrl);
  await reader.waitUntilProcessed(AbortSignal.any([deadline, AbortSignal.timeout(PROCESSING_TIMEOUT_MS)]));
  const processedAt = Date.now();
  const evidence = await reader.read();
  return {
    accounts: sequences.length,
    deliveries: deliveries.length,
    unacknowledged,
    sender,
    stored: evidence.stored,
    serviceKills: killer.kills,
    serviceOwnExits: killer.ownExits,
    postgresKills,
    result: checkEvidence(sequences.map(expectedOf), { acknowledged: sender.acknowledged, ...evidence }),
    tookMs: {
      'delivered in': deliveredAt - deliveringFrom,
      'then processed in': processedAt - deliveredAt,
      'total time': Date.now() - startedAt,
    },
  };
}

/** @returns the number of deliveries that were never acknowledged */
async function deliverAll(
  sender: TerraSender,
  deliveries: Delivery[],
  random: SeededRandom,
  deadline: AbortSignal,
): Promise<number> {
  const startedAt = Date.now();
  const inFlight: Promise<void>[] = [];
  for (const [index, delivery] of deliveries.entries()) {
    const dueInMs = startedAt + (index / DELIVERIES_PER_SECOND) * 1_000 - Date.now();
    if (dueInMs > 0) await sleep(dueInMs);
    const isSentTwice = random.chance(SENT_TWICE);
    const delivered = sender.deliver(delivery, deadline);
    inFlight.push(isSentTwice ? delivered.then(() => sender.deliver(delivery, deadline)) : delivered);
  }
  const outcomes = await Promise.allSettled(inFlight);
  return outcomes.filter(({ status }) => status === 'rejected').length;
}

/** @returns the number of kills */
async function crashRepeatedly(
  postgres: CrashingPostgres,
  sender: TerraSender,
  total: number,
  random: SeededRandom,
  deadline: AbortSignal,
): Promise<number> {
  for (let kills = 0; ; kills += 1) {
    if (kills === POSTGRES_KILLS) return kills;
    const progress = (kills + random.within({ from: 0.2, to: 0.8 })) / POSTGRES_KILLS;
    while (sender.acknowledged.size < total * progress && !deadline.aborted) await sleep(POLL_MS);
    if (deadline.aborted) return kills;
    await crashPostgres(postgres, random);
  }
}
