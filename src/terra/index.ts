export { canonicalProvider } from './provider-codes';
export { TerraClient } from './terra.client';
export { TerraPausedError } from './terra.errors';
export { TerraModule } from './terra.module';
export {
  explainTerraProblem,
  TERRA_PROBLEM_CODES,
  TERRA_PROBLEMS,
  type TerraProblemCode,
} from './terra.problems';
export { ToldTimesService } from './told-times.service';
export type { SdkToken, TerraProvider, TerraUser, TerraUserPage } from './terra.types';
export {
  DATA_EVENT_TYPES,
  envelopeOf,
  isEnvelope,
  LINK_EVENT_TYPES,
  mayHoldHealthData,
  parseTerraEvent,
  type TerraEvent,
  type TerraEventType,
} from './terra-webhook';
export {
  checkSignature,
  findHeaderProblem,
  hasStaleTime,
  type SignatureRefusal,
  type SignedHeaders,
} from './webhook-signature';
