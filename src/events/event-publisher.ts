import type { EventMessage } from './cloud-event';

/**
 * A way out of the service for events. Every implementation passes the contract suite: order, repetition, failure, abort.
 */
export interface EventPublisher {
  /**
   * Hands events over in their order. After it returns, the other side has stored all of them. After it throws, it may have
   * stored the first ones, and the caller publishes all of them again: receivers recognise an event by its id.
   *
   * @throws when the other side has not stored all events, and soon after `signal` is aborted
   */
  publish(events: readonly EventMessage[], signal: AbortSignal): Promise<void>;
}
