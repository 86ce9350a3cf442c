import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { ApiId, ApiNullableEnum, ApiNullableText, ApiTime } from '../../../http';
import { DISABLED_REASONS, type DisabledReason, type EventEndpoint } from '../event-endpoint.entity';

@ApiSchema({ description: 'A webhook endpoint, without its secret.' })
export class WebhookEndpointDto {
  @ApiId('Id of the endpoint.')
  id: string;

  @ApiProperty({
    description: 'Where the service sends events.',
    example: 'https://hooks.example.com/terra-connect',
  })
  url: string;

  @ApiNullableText('Your note.', 'Billing')
  description: string | null;

  @ApiProperty({
    type: [String],
    description: 'Types of events, and groups of types.',
    example: ['connection.*', 'end_user.erased'],
  })
  types: string[];

  @ApiProperty({ description: 'false: the endpoint gets no events.', example: true })
  enabled: boolean;

  @ApiNullableEnum(
    DISABLED_REASONS,
    'Why the endpoint is disabled; null while it is enabled. `requested`: by a request. `gone`: it answered 410. `failing`: every delivery of five days failed.',
  )
  disabledReason: DisabledReason | null;

  @ApiTime('Since when every delivery fails; null if the last one was accepted.', {
    nullable: true,
    example: null,
  })
  failingSince: Date | null;

  @ApiTime('Until when the previous secret also signs; null without one.', { nullable: true, example: null })
  previousSecretUntil: Date | null;

  @ApiTime('When the endpoint was created.')
  createdAt: Date;

  @ApiTime('When the endpoint last changed.')
  updatedAt: Date;

  static from(endpoint: EventEndpoint): WebhookEndpointDto {
    const { id, url, description, types, enabled, disabledReason, failingSince } = endpoint;
    const { previousSecretUntil, createdAt, updatedAt } = endpoint;
    return {
      id,
      url,
      description,
      types,
      enabled,
      disabledReason,
      failingSince,
      previousSecretUntil,
      createdAt,
      updatedAt,
    };
  }
}

@ApiSchema({ description: 'All webhook endpoints.' })
export class WebhookEndpointListDto {
  @ApiProperty({ type: [WebhookEndpointDto], description: 'Oldest first; at most 100.' })
  items: WebhookEndpointDto[];

  static from(endpoints: EventEndpoint[]): WebhookEndpointListDto {
    return { items: endpoints.map((endpoint) => WebhookEndpointDto.from(endpoint)) };
  }
}

@ApiSchema({ description: 'A webhook endpoint with its new secret.' })
export class WebhookEndpointSecretDto extends WebhookEndpointDto {
  @ApiProperty({
    description:
      'The secret that signs each request, for libraries of Standard Webhooks. No other response contains it.',
    example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=',
  })
  secret: string;

  static override from(endpoint: EventEndpoint): WebhookEndpointSecretDto {
    return { ...WebhookEndpointDto.from(endpoint), secret: endpoint.secret };
  }
}
