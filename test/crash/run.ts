import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from '../../local/ports';
import type { StopList } from '../../local/stop-list';
import { CrashingPostgres } from '../stage/crashing-postgres';
import { migrate, ServiceProcess } from '../stage/service-process';
import { deadlineIn, TerraSender, type Delivery } from '../stage/terra-sender';
import { Chance } from './chance';
import { deliveriesOf } from './deliveries';
import { expectedOf } from './expectation';
import { crashPostgres, ServiceKiller } from './killers';
import type { Options } from './options';
import type { Report } from './report';
import { writeStories } from './stories';
import { judge } from './verdict';
import { Witness } from './witness';

// A folder of the tests' own, by its name: the next "npm test" takes it away if this run is killed.
const FOLDER_PREFIX = 'terra-connect-test-crash-';
const DEADLINE_MS = 5 * 60_000;
const WORK_OFF_MS = 90_000;
const DELIVERIES_PER_SECOND = 180;
const POSTGRES_KILLS = 3;
/** What Terra sends again although it was acknowledged. */
const TOLD_TWICE = 0.03;
const POLL_MS = 20;

export async function run(options: Options, toStop: StopList): Promise<Report> {
  const startedAt = Date.now();
  const deadline = deadlineIn(DEADLINE_MS);
  const chance = new Chance(options.seed);
  const stories = writeStories(chance, options.deliveries);
  const deliveries = deliveriesOf(stories, chance, startedAt);

  const folder = mkdtempSync(join(realpathSync(tmpdir()), FOLDER_PREFIX));
  toStop.add('the folder', () => Promise.resolve(rmSync(folder, { recursive: true, force: true })));
  const postgres = await CrashingPostgres.start({ dataDir: folder, durable: !options.careless });
  toStop.add('the database', () => postgres.close());
  const databaseUrl = await postgres.database('service');
  const logFile = join(folder, 'service.log');
  await migrate(databaseUrl, logFile);

  const port = await findFreePort();
  const spawn = (): ServiceProcess => ServiceProcess.spawn({ databaseUrl, port, logFile });
  const killer = new ServiceKiller(spawn, new Chance(chance.below(2 ** 31)));
  toStop.add('the service', () => killer.stop());
  await killer.start();

  const serviceUrl = `http://127.0.0.1:${port}`;
  const sender = new TerraSender(() => serviceUrl);
  const deliveringFrom = Date.now();
  const postgresChance = new Chance(chance.below(2 ** 31));
  const [unacknowledged, postgresKills] = await Promise.all([
    deliverAll(sender, deliveries, chance, deadline),
    crashAtTimes(postgres, sender, deliveries.length, postgresChance, deadline),
  ]);
  await killer.relent();
  const deliveredAt = Date.now();

  const witness = new Witness(databaseUrl, serviceUrl);
  await witness.isWorkedOff(AbortSignal.any([deadline, AbortSignal.timeout(WORK_OFF_MS)]));
  const workedOffAt = Date.now();
  const evidence = await witness.evidence();
  return {
    accounts: stories.length,
    deliveries: deliveries.length,
    unacknowledged,
    sender,
    stored: evidence.stored,
    serviceKills: killer.kills,
    serviceOwnEnds: killer.ownEnds,
    postgresKills,
    verdict: judge(stories.map(expectedOf), { acknowledged: sender.acknowledged, ...evidence }),
    tookMs: {
      'delivered in': deliveredAt - deliveringFrom,
      'worked off after another': workedOffAt - deliveredAt,
      'took in all': Date.now() - startedAt,
    },
  };
}

/** @returns how many were never acknowledged */
async function deliverAll(
  sender: TerraSender,
  deliveries: Delivery[],
  chance: Chance,
  deadline: AbortSignal,
): Promise<number> {
  const startedAt = Date.now();
  const underWay: Promise<void>[] = [];
  for (const [index, delivery] of deliveries.entries()) {
    const dueInMs = startedAt + (index / DELIVERIES_PER_SECOND) * 1_000 - Date.now();
    if (dueInMs > 0) await sleep(dueInMs);
    const toldTwice = chance.happens(TOLD_TWICE);
    const delivered = sender.deliver(delivery, deadline);
    underWay.push(toldTwice ? delivered.then(() => sender.deliver(delivery, deadline)) : delivered);
  }
  const outcomes = await Promise.allSettled(underWay);
  return outcomes.filter(({ status }) => status === 'rejected').length;
}

/** @returns how often */
async function crashAtTimes(
  postgres: CrashingPostgres,
  sender: TerraSender,
  total: number,
  chance: Chance,
  deadline: AbortSignal,
): Promise<number> {
  for (let kills = 0; ; kills += 1) {
    if (kills === POSTGRES_KILLS) return kills;
    const progress = (kills + chance.within({ from: 0.2, to: 0.8 })) / POSTGRES_KILLS;
    while (sender.acknowledged.size < total * progress && !deadline.aborted) await sleep(POLL_MS);
    if (deadline.aborted) return kills;
    await crashPostgres(postgres, chance);
  }
}
