import { ApplicationConfig } from '@nestjs/core';
import { PublicUrls } from '../http';
import { BrowserUrls } from './browser-urls';

const options = {
  publicUrl: 'https://connect.example.com',
  returnUrls: ['https://app.example.com/devices', 'pulse://connected'],
};
const urls = new BrowserUrls(new PublicUrls(new ApplicationConfig(), options), options);

describe('The outcome in a return URL', () => {
  it('adds the session and the status, and replaces existing parameters', () => {
    const outcomeOf = (url: string): string => urls.withOutcome(url, 'S', 'connected');
    expect(outcomeOf('https://app.example.com/devices')).toBe(
      'https://app.example.com/devices?session_id=S&status=connected',
    );
    expect(outcomeOf('pulse://connected')).toBe('pulse://connected?session_id=S&status=connected');
    const query = 'status=failed&a=1&session_id=X&%73tatus=cancelled';
    expect(outcomeOf(`https://app.example.com/devices?${query}`)).toBe(
      'https://app.example.com/devices?a=1&session_id=S&status=connected',
    );
    expect(outcomeOf('com.example.pulse:/connected')).toBe(
      'com.example.pulse:/connected?session_id=S&status=connected',
    );
  });

  it.each([
    ['https://app.example.com/devices#/list?x=1', 'https://app.example.com/devices?OUTCOME#/list?x=1'],
    ['https://app.example.com/devices?a=1#', 'https://app.example.com/devices?a=1&OUTCOME#'],
    ['pulse://connected#status=failed', 'pulse://connected?OUTCOME#status=failed'],
  ])('keeps the fragment, after the outcome: %s', (url, expected) => {
    const [before = '', after] = expected.split('OUTCOME');
    const stored = urls.checkReturnUrl('returnUrl', url) ?? '';
    expect(urls.withOutcome(stored, 'S', 'failed')).toBe(`${before}session_id=S&status=failed${after}`);
  });

  it.each(['q=a%20b', 'q=a+b', 'flag', 'x=%2F&y=%2f', 'a=1&a=2', 'u=é', '=x'])(
    'leaves the rest of the query unchanged: %s',
    (query) => {
      const url = `https://app.example.com/devices?${query}`;
      expect(urls.withOutcome(url, 'S', 'pending')).toBe(`${new URL(url).href}&session_id=S&status=pending`);
    },
  );
});
