import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { ConnectionDto, HistoryLineDto } from '../../connections';
import { ApiReferenceId, ApiTime } from '../../http';
import { WebhookEventDto } from '../../webhooks';
import type { Conclusion } from '../diagnosis-input';
import type { DiagnosedConnection } from '../diagnosis-input';
import type { Diagnosis } from '../diagnosis.service';
import { DataLayoutDto, DiagnosedEventDto } from './diagnosis-events.dto';
import {
  DiagnosedIdentityDto,
  DiagnosedSessionDto,
  PendingDeauthenticationDto,
  TerraViewDto,
} from './diagnosis-parts.dto';

@ApiSchema({ description: 'A finding of the diagnosis, and what to do about it.' })
export class ConclusionDto {
  @ApiProperty({
    description:
      'Use this code for decisions. It is a fixed word such as `connected`, `not_opened` or `only_at_terra`, or `failed_…`, `needs_reauth_…` or `disconnected_…` with the reason. Expect new codes.',
    example: 'needs_reauth_connection_error',
  })
  code: string;

  /**
   * The finding as text for a human reader. The text may change.
   * @example 'GARMIN has sent no data since 2026-11-23T09:30:00.000Z: the provider rejects Terra.'
   */
  summary: string;

  /**
   * What to do, as text for a human reader. The text may change.
   * @example 'Ask the end user to reconnect it.'
   */
  advice: string;

  static from({ code, summary, advice }: Conclusion): ConclusionDto {
    return { code, summary, advice };
  }
}

@ApiSchema({ description: 'A connection with its Terra users and its history.' })
export class DiagnosedConnectionDto {
  @ApiProperty({ description: 'The connection with its current status.' })
  connection: ConnectionDto;

  /** Current and former Terra users of the connection, oldest first. */
  identities: DiagnosedIdentityDto[];

  /** The last 20 facts about the connection, newest first. */
  history: HistoryLineDto[];

  static from({ connection, identities, history }: DiagnosedConnection): DiagnosedConnectionDto {
    return {
      connection: ConnectionDto.from(connection),
      identities: identities.map((identity) => DiagnosedIdentityDto.from(identity)),
      history: history.map((line) => HistoryLineDto.from(line)),
    };
  }
}

@ApiSchema({ description: 'Why an end user is connected or not, with the data behind the conclusions.' })
export class DiagnosisDto {
  @ApiReferenceId()
  referenceId: string;

  @ApiTime('When the service made the diagnosis.')
  diagnosedAt: Date;

  @ApiProperty({
    description:
      'Whether at least one account is connected and no conclusion asks for action. Another link that the end user has not used yet asks for none.',
    example: false,
  })
  healthy: boolean;

  /**
   * At most 50 conclusions, most important first. The first one is the reading: the cause, and what to do. The others add to
   * it.
   */
  conclusions: ConclusionDto[];

  /** The last 20 sessions, newest first. */
  sessions: DiagnosedSessionDto[];

  /** All connections, also ended ones, newest first. */
  connections: DiagnosedConnectionDto[];

  /** Deauthentication requests that Terra has not confirmed yet. */
  pendingDeauthentications: PendingDeauthenticationDto[];

  /** The last 50 webhook events, and the last 50 parked or dead-lettered events; newest first, without bodies. */
  webhooks: WebhookEventDto[];

  @ApiTime('When the service last stored a webhook of any end user; null if it never has.', {
    nullable: true,
  })
  lastWebhookAt: Date | null;

  /** The last 20 events that the service has told about the end user, newest first, with their deliveries. */
  events: DiagnosedEventDto[];

  @ApiProperty({ description: 'Where the health data of your end users goes.' })
  data: DataLayoutDto;

  @ApiProperty({ description: 'The Terra users that Terra lists for the end user.' })
  terra: TerraViewDto;

  static from({ input, data, healthy, conclusions }: Diagnosis): DiagnosisDto {
    return {
      referenceId: input.referenceId,
      diagnosedAt: input.now,
      healthy,
      conclusions: conclusions.map((conclusion) => ConclusionDto.from(conclusion)),
      sessions: input.sessions.map((session) => DiagnosedSessionDto.from(session)),
      connections: input.connections.map((connection) => DiagnosedConnectionDto.from(connection)),
      pendingDeauthentications: input.pendingDeauthentications.map((end) =>
        PendingDeauthenticationDto.from(end),
      ),
      webhooks: input.webhooks.map((event) => WebhookEventDto.from(event)),
      lastWebhookAt: input.lastWebhookAt,
      events: DiagnosedEventDto.listFrom(input.told),
      data: DataLayoutDto.from(data),
      terra: TerraViewDto.from(input.terra),
    };
  }
}
