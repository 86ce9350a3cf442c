import { ApiPropertyOptional, ApiSchema, PartialType } from '@nestjs/swagger';
import { IsBoolean, ValidateIf } from 'class-validator';
import { CreateWebhookEndpointDto } from './create-webhook-endpoint.dto';

@ApiSchema({
  description:
    'Changes of a webhook endpoint. An absent field stays as it is; `description: null` removes the description.',
})
export class UpdateWebhookEndpointDto extends PartialType(CreateWebhookEndpointDto, {
  skipNullProperties: false,
}) {
  /**
   * false: the endpoint gets no events, and its pending deliveries rest. true: they go on.
   * @example true
   */
  @ApiPropertyOptional()
  @ValidateIf((_, value) => value !== undefined)
  @IsBoolean({ message: 'must be true or false' })
  override enabled: boolean = undefined as never;
}
