import { covers } from './nats-subject';

/** The fields of a stream's configuration that the service checks. Times are in nanoseconds. */
export interface StreamFacts {
  subjects?: string[];
  storage: string;
  retention: string;
  discard: string;
  max_age: number;
  max_bytes: number;
  max_msgs: number;
  max_msgs_per_subject: number;
  duplicate_window: number;
  num_replicas: number;
  no_ack?: boolean;
  sealed?: boolean;
  mirror?: object;
}

const NANOS_PER_MINUTE = 60_000_000_000;
const NANOS_PER_DAY = 1_440 * NANOS_PER_MINUTE;
const DUPLICATE_MINUTES = 2;
/** The first server that can sync each message before it acknowledges it. */
const SYNCING_SERVER = [2, 10];

export interface StreamJudgement {
  /** Why the service must not publish to the stream. */
  problems: string[];
  /** What can lose events that NATS has acknowledged. */
  warnings: string[];
}

/** Compares the stream with what order, repetition and durability need. */
export function judgeStream(stream: StreamFacts, prefix: string, serverVersion: string): StreamJudgement {
  const problems: string[] = [];
  const warnings: string[] = [];
  const { subjects = [], max_bytes, max_msgs, max_msgs_per_subject } = stream;
  const own = `${prefix}.>`;
  if (stream.mirror) problems.push('it is a mirror, which takes no messages: name its origin');
  else if (!subjects.some((subject) => covers(subject, own)))
    problems.push(`its subjects do not cover ${own}: add it`);
  // Another publisher would take the sequence numbers by which the service keeps its events in order.
  const foreign = subjects.filter((subject) => !covers(own, subject));
  if (foreign.length > 0) problems.push(`it takes subjects of others (${foreign.join(', ')}): remove them`);
  if (stream.storage !== 'file') problems.push('it has no file storage, so a restart of the server loses it');
  if (stream.retention !== 'limits')
    problems.push(
      `its retention is ${stream.retention}, so a consumer removes events for the others: limits`,
    );
  if (stream.duplicate_window < DUPLICATE_MINUTES * NANOS_PER_MINUTE)
    problems.push(`its duplicate window is shorter than ${DUPLICATE_MINUTES} minutes`);
  if (stream.no_ack) problems.push('it acknowledges nothing (no_ack)');
  if (stream.sealed) problems.push('it is sealed');
  const isLimited = [max_bytes, max_msgs, max_msgs_per_subject].some((limit) => limit > 0);
  if (stream.discard === 'old' && isLimited)
    warnings.push(
      'At its limit, the stream discards the oldest events, also those that a consumer has not read. With discard: new, the service waits instead.',
    );
  if (!canSync(serverVersion))
    warnings.push(
      `Server ${serverVersion} acknowledges events before they are on its disk: a power failure can lose some. Use 2.10 or newer with sync_interval: always.`,
    );
  else if (stream.num_replicas < 2)
    warnings.push(
      'The stream has one replica. Unless the server has sync_interval: always, which a client cannot see, a power failure can lose acknowledged events.',
    );
  return { problems, warnings };
}

/** The stream that the service creates. It keeps events as long as the log, and at a limit of the server it takes no more. */
export function streamToCreate(
  { stream, prefix }: { stream: string; prefix: string },
  { days, isCluster }: { days: number; isCluster: boolean },
): StreamFacts & { name: string } {
  return {
    name: stream,
    subjects: [`${prefix}.>`],
    storage: 'file',
    retention: 'limits',
    discard: 'new',
    max_age: days * NANOS_PER_DAY,
    max_bytes: -1,
    max_msgs: -1,
    max_msgs_per_subject: -1,
    duplicate_window: DUPLICATE_MINUTES * NANOS_PER_MINUTE,
    num_replicas: isCluster ? 3 : 1,
  };
}

function canSync(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [neededMajor = 0, neededMinor = 0] = SYNCING_SERVER;
  return major > neededMajor || (major === neededMajor && minor >= neededMinor);
}
