import * as connectionEvents from '../../src/connections/connection-events';
import '../../src/main';

// The service without the events of connections: no change makes one, so none is appended or gets a position. It exists only
// here, to measure what events cost. The service calls the function only when a webhook is applied.
Object.assign(connectionEvents, { eventOf: () => null });
