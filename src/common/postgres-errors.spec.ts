import {
  isContended,
  isDatabaseDown,
  isDatabaseUnavailable,
  isTransient,
  sqlStateOf,
} from './postgres-errors';

const ofState = (code: string): Error => Object.assign(new Error('of Postgres'), { code });

describe('An error of Postgres', () => {
  it.each([
    ['08006', 'the connection broke'],
    ['08P01', 'a report of PgBouncer: no server, or too many clients'],
    ['25006', 'read-only: a standby after a fail-over'],
    ['28P01', 'the password is being changed'],
    ['3D000', 'the database is being restored'],
    ['53100', 'the disk is full'],
    ['53200', 'no memory is left'],
    ['53300', 'too many connections'],
    ['57P01', 'an administrator ends the connection'],
    ['57P02', 'another process of the server crashed'],
    ['57P03', 'the server starts, stops or recovers'],
    ['58030', 'the disk fails'],
  ])('%s means "not now" for every statement: %s', (code) => {
    expect(isDatabaseDown(ofState(code))).toBe(true);
    expect(isDatabaseUnavailable(ofState(code))).toBe(true);
    expect(isContended(ofState(code))).toBe(false);
  });

  it.each([
    ['57014', 'the statement timeout'],
    ['55P03', 'the lock timeout'],
    ['40001', 'a serialization failure after all repetitions'],
    ['40P01', 'a deadlock after all repetitions'],
  ])('%s means "not now" for this statement, so an event can be its cause: %s', (code) => {
    expect(isDatabaseDown(ofState(code))).toBe(false);
    expect(isDatabaseUnavailable(ofState(code))).toBe(true);
    expect(isContended(ofState(code))).toBe(true);
  });

  it.each(['22021', '23505', '42P01', '42501', 'XX000'])('%s is a fault, so it is no "not now"', (code) => {
    expect(isDatabaseUnavailable(ofState(code))).toBe(false);
  });

  it('is found among the causes and in an aggregate', () => {
    const wrapped = new Error('query failed', { cause: new AggregateError([ofState('53100')]) });
    expect(isDatabaseDown(wrapped)).toBe(true);
    expect(sqlStateOf(wrapped)).toBe('53100');
    expect(isTransient(ofState('40001'))).toBe(true);
  });

  it('has no SQLSTATE if it comes from the socket', () => {
    expect(sqlStateOf(ofState('EPIPE'))).toBe('');
    expect(sqlStateOf(null)).toBe('');
  });
});
