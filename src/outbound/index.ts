export type { OutboundAnswer } from './answer-reader';
export { describeEndpointUrlProblem } from './endpoint-url';
export { GuardedHttpClient, type Download, type OutboundRequest } from './guarded-http.client';
export { MAX_REQUESTS_PER_ORIGIN } from './guarded-sockets';
export { OutboundError, type OutboundErrorCode } from './outbound.error';
export { OutboundModule } from './outbound.module';
export { connectErrorCode, openSockets, type Connector, type SocketSettings } from './outgoing-sockets';
