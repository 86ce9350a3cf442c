import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { ApiCount, ApiId, ApiNullableText } from '../../../http';
import type { EndpointTest } from '../endpoint-test.service';

@ApiSchema({ description: 'What came of a test event.' })
export class EndpointTestDto {
  @ApiId('Id of the test event, and `webhook-id` of the request.')
  eventId: string;

  @ApiProperty({ description: 'Whether the endpoint answered 2xx.', example: true })
  accepted: boolean;

  @ApiCount('HTTP status of the answer; null without an answer.', 204, { nullable: true })
  status: number | null;

  @ApiNullableText(
    'Why there was no answer: `timed_out`, `connection_failed`, `tls_failed`, `name_unresolved`, `address_forbidden`, …',
  )
  error: string | null;

  @ApiCount('How long the attempt took, in milliseconds.', 42)
  ms: number;

  static from({ eventId, accepted, status, error, ms }: EndpointTest): EndpointTestDto {
    return { eventId, accepted, status, error, ms };
  }
}
