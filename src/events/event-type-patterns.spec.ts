import { typesOf } from './event-type-patterns';
import { CONNECTION_EVENT_TYPES, EVENT_TYPES } from './event-types';

describe('The names of event types', () => {
  it.each([
    [['connection.moved'], ['connection.moved']],
    [['connection.*'], [...CONNECTION_EVENT_TYPES]],
    [['connection.*', 'connection.moved'], [...CONNECTION_EVENT_TYPES]],
    [
      ['end_user.*', 'endpoint.disabled'],
      ['end_user.erased', 'endpoint.disabled'],
    ],
    [['*'], EVENT_TYPES.filter((type) => !type.startsWith('data.'))],
    [['*', 'data.*'], [...EVENT_TYPES]],
  ])('%j stands for its types', (patterns, types) => expect(typesOf(patterns)).toEqual(types));

  it.each([
    ['connection'],
    ['connection.'],
    ['connection.gone'],
    ['**'],
    ['.*'],
    [''],
    ['data.auth'],
    ['CONNECTION.*'],
  ])('%j stands for none', (pattern) => expect(typesOf(['connection.*', pattern])).toBeNull());
});
