export { startSandbox } from './sandbox';
export type { ReceivedRequest, Sandbox, SandboxOptions } from './sandbox.types';
export { SWITCHES } from './behaviour';
export type { Behaviour, FaultStep, SwitchName } from './behaviour';
export { findScenario, SCENARIOS, UnknownScenarioError } from './scenarios/scenarios';
export type { Scenario, ScenarioName } from './scenarios/scenarios';
export type { PlayedScenario, PlayOptions } from './scenarios/player';
export type { Account, ConnectAttempt, LinkedUser } from './account/account';
export type { Delivery, EmitOptions } from './webhooks/delivery';
