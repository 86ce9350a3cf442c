import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { ConnectionDto, HistoryLineDto } from '../../connections';
import { WebhookEventDto } from '../../webhooks';
import type { Conclusion } from '../diagnosis-input';
import type { DiagnosedConnection } from '../diagnosis-input';
import type { Diagnosis } from '../diagnosis.service';
import {
  DiagnosedIdentityDto,
  DiagnosedSessionDto,
  PendingDeauthenticationDto,
  TerraViewDto,
} from './diagnosis-parts.dto';

@ApiSchema({ description: 'What is the matter, and what to do.' })
export class ConclusionDto {
  @ApiProperty({
    description:
      'Decide by this. A fixed word such as `connected`, `not_opened` or `terra_has_user_we_do_not`, or one of the families `failed_…`, `needs_reauth_…` and `disconnected_…` with the reason. Expect new ones.',
    example: 'needs_reauth_connection_error',
  })
  code: string;

  /**
   * What is the matter, for people; the text may change.
   * @example 'GARMIN gives no data since 2026-11-23T09:30:00.000Z: the provider refuses Terra.'
   */
  summary: string;

  /**
   * What to do, for people; the text may change.
   * @example 'Ask the person to connect it again.'
   */
  advice: string;

  static from({ code, summary, advice }: Conclusion): ConclusionDto {
    return { code, summary, advice };
  }
}

@ApiSchema({ description: 'A connection, with all Terra users that it has had and what has happened to it.' })
export class DiagnosedConnectionDto {
  @ApiProperty({ description: 'The connection as it is now.' })
  connection: ConnectionDto;

  /** Every Terra user that it has had, oldest first. */
  identities: DiagnosedIdentityDto[];

  /** The last 20 things that happened to it, newest first. */
  history: HistoryLineDto[];

  static from({ connection, identities, history }: DiagnosedConnection): DiagnosedConnectionDto {
    return {
      connection: ConnectionDto.from(connection),
      identities: identities.map((identity) => DiagnosedIdentityDto.from(identity)),
      history: history.map((line) => HistoryLineDto.from(line)),
    };
  }
}

@ApiSchema({ description: 'Why an end user is connected or not, and what that is concluded from.' })
export class DiagnosisDto {
  /**
   * Your id of the end user.
   * @example 'user-4711'
   */
  referenceId: string;

  /**
   * When it was looked into.
   * @example '2026-11-23T09:30:00.000Z'
   */
  diagnosedAt: Date;

  @ApiProperty({
    description: 'Whether something is connected and nothing needs anybody.',
    example: false,
  })
  healthy: boolean;

  /** The most important first. */
  conclusions: ConclusionDto[];

  /** The newest 20 sessions, newest first. */
  sessions: DiagnosedSessionDto[];

  /** All connections, ended ones too, newest first. */
  connections: DiagnosedConnectionDto[];

  /** Ends that Terra has not confirmed yet. */
  pendingDeauthentications: PendingDeauthenticationDto[];

  /** The newest 50 webhooks, and the newest 50 that are parked or dead; newest first, without what they say. */
  webhooks: WebhookEventDto[];

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When this service last stored a webhook, whomever it is about; null: never.',
    example: '2026-11-23T09:30:00.000Z',
  })
  lastWebhookAt: Date | null;

  @ApiProperty({ description: "Terra's own view." })
  terra: TerraViewDto;

  static from({ input, healthy, conclusions }: Diagnosis): DiagnosisDto {
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
      terra: TerraViewDto.from(input.terra),
    };
  }
}
