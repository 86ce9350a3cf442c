export { TerraClient } from './terra.client';
export { TerraModule } from './terra.module';
export type { SdkToken, TerraProvider, TerraUser, WidgetSession, WidgetSessionRequest } from './terra.types';
export {
  envelopeOf,
  mayHoldHealthData,
  parseTerraEvent,
  type TerraEvent,
  type TerraEventType,
} from './terra-webhook';
export { checkSignature, type SignatureRefusal } from './webhook-signature';
