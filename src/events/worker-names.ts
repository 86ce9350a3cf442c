/** Names of the workers that others wake. A file of its own, because those who wake a worker stand below it. */
export const SEQUENCER = 'event-sequencer';
export const DELIVERIES = 'event-deliveries';
