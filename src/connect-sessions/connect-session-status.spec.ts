import { CONNECT_SESSION_STATUSES, mayBecome, statusOfFailure } from './connect-session-status';

describe('The status of a connect session', () => {
  it('never changes after it is completed', () => {
    for (const status of CONNECT_SESSION_STATUSES) expect(mayBecome('completed', status)).toBe(false);
  });

  it('can become completed from every other status, because Terra may report a connection late', () => {
    for (const status of CONNECT_SESSION_STATUSES.filter((other) => other !== 'completed')) {
      expect(mayBecome(status, 'completed')).toBe(true);
    }
  });

  it.each([
    ['access_denied', 'cancelled'],
    ['user_cancelled', 'cancelled'],
    ['missing_scopes', 'failed'],
    [null, 'failed'],
  ])('after a failure with the reason %s is %s', (reason, status) => {
    expect(statusOfFailure(reason)).toBe(status);
  });
});
