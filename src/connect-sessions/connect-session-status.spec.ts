import { CONNECT_SESSION_STATUSES, mayBecome, statusOfFailure } from './connect-session-status';

describe("a connect session's status", () => {
  it('lets nothing outrank a connection', () => {
    for (const status of CONNECT_SESSION_STATUSES) expect(mayBecome('completed', status)).toBe(false);
  });

  it('becomes completed from every other end, since a connection may be told late', () => {
    for (const status of CONNECT_SESSION_STATUSES.filter((other) => other !== 'completed')) {
      expect(mayBecome(status, 'completed')).toBe(true);
    }
  });

  it.each([
    ['access_denied', 'cancelled'],
    ['user_cancelled', 'cancelled'],
    ['missing_scopes', 'failed'],
    [null, 'failed'],
  ])('takes the reason %s for %s', (reason, status) => {
    expect(statusOfFailure(reason)).toBe(status);
  });
});
