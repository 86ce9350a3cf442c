import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { ConnectionDto } from '../../connections';
import { ApiId, ApiNullableText, ApiReferenceId, ApiTime, PageOf } from '../../http';
import {
  CONNECT_SESSION_STATUSES,
  FAILURE_REASONS,
  OPEN_STATUSES,
  type ConnectSessionStatus,
  type FailureReason,
} from '../connect-session-status';
import type { ConnectSessionWithOutcome } from '../session-reader.service';

@ApiSchema({ description: 'One attempt of one end user to connect an account, with its outcome.' })
export class ConnectSessionDto {
  @ApiId('Id of the session. The return URL receives it as `session_id`.')
  id: string;

  @ApiProperty({
    enum: CONNECT_SESSION_STATUSES,
    description:
      '`pending`: created. `opened`: the end user opened the widget. `completed`: the end user connected an account. `failed`, `cancelled`: `failureReason` or `providerReason` says why. `expired`: the end user did not finish before `expiresAt`. If Terra reports a connection later, the session still becomes `completed`.',
    example: 'pending',
  })
  status: ConnectSessionStatus;

  @ApiReferenceId()
  referenceId: string;

  /**
   * Send the end user's browser to this URL, in a new tab, Custom Tab or SFSafariViewController, not in a web view:
   * providers reject frames and web views. null when the session has ended.
   * @example 'https://connect.example.com/connect/8Wb0…'
   */
  connectUrl: string | null;

  /**
   * URL of Terra's widget. `connectUrl` leads to it and records that the session was opened. null when the session has
   * ended.
   * @example 'https://widget.tryterra.co/session/4a5b…'
   */
  widgetUrl: string | null;

  /**
   * Codes of the providers that the widget offers; empty: all providers that your Terra account has enabled.
   * @example ['GARMIN', 'OURA']
   */
  providers: string[];

  @ApiId('The connection to reconnect; null if the session connects a new account.', {
    nullable: true,
    example: null,
  })
  connectionId: string | null;

  /**
   * Requested language of the widget, as a canonical BCP 47 tag; null: the language of the browser.
   * @example 'zh-Hans'
   */
  language: string | null;

  /**
   * Where the browser goes after the widget. null: a page of the service.
   * @example 'https://app.example.com/devices'
   */
  returnUrl: string | null;

  /**
   * Where the browser goes after a failed or cancelled attempt. null: `returnUrl`.
   * @example 'https://app.example.com/devices/failed'
   */
  failureReturnUrl: string | null;

  /**
   * Whether the widget offers to disconnect connected accounts.
   * @example false
   */
  showDisconnect: boolean;

  /**
   * Whether the end user may connect several providers before the browser returns.
   * @example false
   */
  multiAuth: boolean;

  /**
   * Whether the end user may connect Apple Health with Terra's own app.
   * @example false
   */
  useTerraAvengersApp: boolean;

  /**
   * The URL that opens your iPhone app for Apple Health.
   * @example null
   */
  appleAppUrl: string | null;

  /**
   * The URL that opens your Android app for Samsung Health.
   * @example null
   */
  samsungAppUrl: string | null;

  /**
   * Terra's `user_id` of each connection that the widget shows as connected.
   * @example []
   */
  connectedUids: string[];

  /**
   * Whether the browser returns at once, without the widget's own result page. null: as Terra's dashboard says.
   * @example null
   */
  bypassFeedback: boolean | null;

  @ApiTime('Until when the end user can get a fresh session from the expired link; null: not at all.', {
    nullable: true,
    example: null,
  })
  renewableUntil: Date | null;

  @ApiId('The expired session that this one replaces; null if it replaces none.', {
    nullable: true,
    example: null,
  })
  renewedFrom: string | null;

  @ApiId('The session that replaces this one since the end user renewed the link; null if none does.', {
    nullable: true,
    example: null,
  })
  renewedBy: string | null;

  /**
   * The metadata of your request.
   * @example { "campaign": "onboarding" }
   */
  metadata: Record<string, unknown> | null;

  /**
   * Parts of the request that Terra ignored, in Terra's words.
   * @example []
   */
  warnings: string[];

  @ApiProperty({
    enum: [...FAILURE_REASONS, null],
    nullable: true,
    description:
      'Why the service itself ended the session: the problem code if the widget session could not be created (`internal`: see the log), `abandoned` if the service stopped while it created the session, `erased` if you requested the erasure of the end user. null if the attempt failed elsewhere; see `providerReason`.',
    example: null,
  })
  failureReason: FailureReason | null;

  @ApiNullableText(
    'Why the attempt failed or was cancelled at the provider or at Terra, in their words, such as `access_denied` or `missing_scopes`; null if they gave no reason. The text comes from outside: show it to nobody, and compare it only with values that you know.',
  )
  providerReason: string | null;

  /** The connections that the session made. With `multiAuth`, it may make more than one. */
  connections: ConnectionDto[];

  @ApiTime('When the session was created.')
  createdAt: Date;

  @ApiTime('When the links of the session stop working.', { example: '2026-11-24T09:30:00.000Z' })
  expiresAt: Date;

  @ApiTime('When a browser first opened `connectUrl`; null before that.', { nullable: true, example: null })
  openedAt: Date | null;

  @ApiTime('When the session completed, failed, was cancelled or expired; null while it is open.', {
    nullable: true,
    example: null,
  })
  endedAt: Date | null;

  static from({ session, connectUrl, connections }: ConnectSessionWithOutcome): ConnectSessionDto {
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
      useTerraAvengersApp: session.useTerraAvengersApp,
      appleAppUrl: session.appleAppUrl,
      samsungAppUrl: session.samsungAppUrl,
      connectedUids: session.connectedUids,
      bypassFeedback: session.bypassFeedback,
      renewableUntil: session.renewableUntil,
      renewedFrom: session.renewedFrom,
      renewedBy: session.renewedBy,
      metadata: session.metadata,
      warnings: session.warnings,
      failureReason: session.failureReason,
      providerReason: session.providerReason,
      connections: connections.map((connection) => ConnectionDto.from(connection)),
      createdAt: session.createdAt,
      expiresAt: session.expiresAt,
      openedAt: session.openedAt,
      endedAt: session.endedAt,
    };
  }
}

@ApiSchema({ description: 'A page of connect sessions.' })
export class ConnectSessionPageDto extends PageOf(ConnectSessionDto, 'Newest first.') {}
