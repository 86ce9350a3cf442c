import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { Connection, ConnectionDto } from '../../connections';
import {
  CONNECT_SESSION_STATUSES,
  OPEN_STATUSES,
  type ConnectSessionStatus,
} from '../connect-session-status';
import type { ConnectSession } from '../connect-session.entity';

@ApiSchema({ description: 'One attempt of one end user to connect a device, with its outcome.' })
export class ConnectSessionDto {
  @ApiProperty({
    format: 'uuid',
    description: 'Ours; comes back to the return URL as `session_id`.',
    example: '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10',
  })
  id: string;

  @ApiProperty({
    enum: CONNECT_SESSION_STATUSES,
    description:
      '`pending`: made. `opened`: the person went to the widget. `completed`: connected. `failed`, `cancelled`: see `failureReason`. `expired`: not finished by `expiresAt`. A connection that is told late still turns each of them into `completed`.',
    example: 'pending',
  })
  status: ConnectSessionStatus;

  /**
   * Your id of the end user.
   * @example 'user-4711'
   */
  referenceId: string;

  /**
   * Send the person's browser here (new tab or in-app browser; providers refuse frames and web views). null once the
   * session has ended.
   * @example 'https://connect.example.com/connect/8Wb0…'
   */
  connectUrl: string | null;

  /**
   * Terra's widget itself; `connectUrl` leads here and notes that it was opened. null once the session has ended.
   * @example 'https://widget.tryterra.co/session/4a5b…'
   */
  widgetUrl: string | null;

  /**
   * Codes of the providers that are offered; empty: all that the account has enabled.
   * @example ['GARMIN', 'OURA']
   */
  providers: string[];

  @ApiProperty({
    format: 'uuid',
    description: 'The connection that it was made to reconnect; null: none.',
    example: null,
  })
  connectionId: string | null;

  /**
   * Language that the widget was asked for; null: the browser's.
   * @example 'en'
   */
  language: string | null;

  /**
   * Where the browser goes after the widget; null: to a page of this service.
   * @example 'https://app.example.com/devices'
   */
  returnUrl: string | null;

  /**
   * Where the browser goes instead when the attempt failed or was cancelled; null: there too.
   * @example 'https://app.example.com/devices/failed'
   */
  failureReturnUrl: string | null;

  /**
   * Whether the widget offers to disconnect what is connected.
   * @example false
   */
  showDisconnect: boolean;

  /**
   * Whether several providers may be connected before coming back.
   * @example false
   */
  multiAuth: boolean;

  /**
   * What you gave to find again with the session.
   * @example { "campaign": "onboarding" }
   */
  metadata: Record<string, unknown> | null;

  /**
   * What Terra did not honour of the request, in its words.
   * @example []
   */
  warnings: string[];

  @ApiProperty({
    description:
      "Why it failed or was cancelled: the provider's or Terra's word, such as `access_denied` or `missing_scopes`, or the code of the problem that its creation ended with; `abandoned`: its creation was never finished.",
    example: null,
  })
  failureReason: string | null;

  /** The connections that it made; more than one is possible with `multiAuth`. */
  connections: ConnectionDto[];

  /**
   * When it was made.
   * @example '2026-11-23T09:30:00.000Z'
   */
  createdAt: Date;

  /**
   * When its links stop working.
   * @example '2026-11-24T09:30:00.000Z'
   */
  expiresAt: Date;

  @ApiProperty({ description: 'When the connect URL was first followed.', example: null })
  openedAt: Date | null;

  @ApiProperty({ description: 'When it was completed, failed, was cancelled, or expired.', example: null })
  endedAt: Date | null;

  static from(
    session: ConnectSession,
    connectUrl: string,
    connections: Connection[] = [],
  ): ConnectSessionDto {
    const open = OPEN_STATUSES.includes(session.status);
    return {
      id: session.id,
      status: session.status,
      referenceId: session.referenceId,
      connectUrl: open ? connectUrl : null,
      widgetUrl: open ? session.widgetUrl : null,
      providers: session.providers,
      connectionId: session.reconnectsConnectionId,
      language: session.language,
      returnUrl: session.returnUrl,
      failureReturnUrl: session.failureReturnUrl,
      showDisconnect: session.showDisconnect,
      multiAuth: session.multiAuth,
      metadata: session.metadata,
      warnings: session.warnings,
      failureReason: session.failureReason,
      connections: connections.map((connection) => ConnectionDto.from(connection)),
      createdAt: session.createdAt,
      expiresAt: session.expiresAt,
      openedAt: session.openedAt,
      endedAt: session.endedAt,
    };
  }
}
