export { startSandbox } from './sandbox';
export type { ReceivedRequest, Sandbox, SandboxOptions } from './sandbox.types';
export { SWITCHES } from './behaviour';
export type { Behaviour, FaultStep, SwitchName } from './behaviour';
export type { Account, ConnectAttempt, LinkedUser } from './account/account';
export type { Delivery, EmitOptions } from './webhooks/delivery';
export { startSampleApp } from './sample-app';
export type { SampleApp, SampleAppOptions } from './sample-app';
