import type { Command } from 'commander';
import { readDiagnosisEnvironment, secretsOf } from '../config';
import { DiagnosisDto, DiagnosisService, type DiagnosedEventDto } from '../diagnosis';
import { printJson } from './output';
import { withExamples } from './program';
import { assertReferenceId } from './reference-id';
import { WholeServiceModule } from './whole-service.module';
import { withService } from './with-service';

export function addDoctorCommand(program: Command): void {
  withExamples(
    program
      .command('doctor <referenceId>')
      .description('explain why an end user is not connected, and what to do; changes nothing')
      .option('--json', 'print the answer of GET /v1/end-users/:referenceId/diagnosis')
      .action(async (referenceId: string, { json }: { json?: boolean }) => {
        assertReferenceId(referenceId);
        const { environment, hasTerra: askTerra } = readDiagnosisEnvironment();
        const service = WholeServiceModule.forEnvironment(environment);
        // The diagnosis reports what fails, so that log lines above it would say it twice.
        const setup = { module: service, secrets: secretsOf(environment), logLevel: 'fatal' };
        const diagnosis = await withService(setup, DiagnosisService, (doctor) =>
          doctor.diagnose(referenceId, { askTerra }),
        );
        const report = DiagnosisDto.from(diagnosis);
        if (json) printJson(report);
        else console.log(describe(report));
      }),
    'doctor user-4711',
    'doctor user-4711 --json',
  );
}

function describe(report: DiagnosisDto): string {
  const {
    referenceId,
    healthy,
    conclusions,
    sessions,
    connections,
    webhooks,
    pendingDeauthentications,
    events,
    data,
    terra,
  } = report;
  const [cause, ...others] = conclusions;
  return [
    `${referenceId}: ${healthy ? 'connected, nothing needs to be done' : 'needs attention'}`,
    ...(cause ? ['', `Cause:      ${cause.summary} [${cause.code}]`, `What to do: ${cause.advice}`] : []),
    ...others.flatMap(({ code, summary, advice }) => [
      '',
      `Also:       ${summary} [${code}]`,
      `            ${advice}`,
    ]),
    ...section(
      'Connections',
      connections.flatMap(({ connection, identities, history }) => [
        `${connection.id} ${connection.provider} ${connection.status}${inBrackets(connection.statusReason)}`,
        ...identities.map(
          (one) =>
            `  Terra user ${one.terraUserId} since ${time(one.firstSeenAt)} by ${one.cause}` +
            (one.supersededBy ? `, superseded by ${one.supersededBy}` : '') +
            (one.endedAt ? `, ended ${time(one.endedAt)}${inBrackets(one.endedCause)}` : ''),
        ),
        ...history.map(
          (line) =>
            `  ${time(line.occurredAt)} ${line.kind} (${line.cause}, by ${line.origin}, from ${line.source})`,
        ),
      ]),
    ),
    ...section(
      'Sessions',
      sessions.map(
        (one) =>
          `${one.id} ${one.status}${inBrackets(one.failureReason ?? one.providerReason)}: created ${time(one.createdAt)}, ` +
          `opened ${time(one.openedAt)}, came back ${time(one.returnedAt)}`,
      ),
    ),
    ...section(
      'Webhooks',
      webhooks.map(
        (one) => `${one.id} ${time(one.receivedAt)} ${one.type ?? '?'} ${one.status}${inBrackets(one.note)}`,
      ),
    ),
    ...section(
      'Deauthentications that Terra has not confirmed',
      pendingDeauthentications.map(
        (one) =>
          `${one.terraUserId} requested ${time(one.requestedAt)} by ${one.actor}: ${one.attempts} attempts` +
          inBrackets(one.lastOutcome),
      ),
    ),
    ...section('Events for your services', events.flatMap(eventLines)),
    ...section('Health data', [`${data.layout}: ${data.explanation}`]),
    ...section(
      'Terra',
      terra.answered
        ? [
            ...terra.users.map((one) => `${one.terraUserId} ${one.provider}${activityOf(one)}`),
            ...terra.unlisted.map(
              (one) =>
                `${one.terraUserId} ${one.provider}${activityOf(one)} (known by its id, but not listed)`,
            ),
          ]
        : [
            terra.cause === 'not_asked'
              ? 'was not asked: TERRA_DEV_ID and TERRA_API_KEY are not set'
              : `did not answer (${terra.cause})`,
          ],
    ),
  ].join('\n');
}

function eventLines({ id, type, position, occurredAt, deliveries }: DiagnosedEventDto): string[] {
  return [
    `${id} ${time(occurredAt)} ${type}${position === null ? ' (not in the log yet)' : ` at ${position}`}`,
    ...deliveries.map(
      (one) =>
        `  to ${one.endpointId} (${one.endpointOrigin}${one.endpointEnabled ? '' : ', disabled'}): ${one.status}, ` +
        `attempts: ${one.attempts}` +
        (one.lastAttemptAt ? `, last answer: ${one.lastStatus ?? one.lastError ?? '?'}` : '') +
        (one.nextAttemptAt ? `, next at ${time(one.nextAttemptAt)}` : ''),
    ),
  ];
}

function activityOf({ active }: { active: boolean | null }): string {
  return active === false ? ' (inactive)' : '';
}

function section(title: string, lines: string[]): string[] {
  return ['', `${title}:`, ...(lines.length > 0 ? lines : ['none']).map((line) => `  ${line}`)];
}

function time(at: Date | null): string {
  return at?.toISOString() ?? 'never';
}

function inBrackets(text: string | null): string {
  return text === null ? '' : ` (${text})`;
}
