import type { ReturnStatus } from '../connect-session-status';
import { renderPage, type Page } from './page';

/** What a person sees at the end when the caller gave no return URL. */
const RESULT_PAGES: Record<ReturnStatus, Page> = {
  connected: {
    tone: 'good',
    title: 'Your device is connected',
    paragraphs: ['You can close this window and go back to the app.'],
  },
  pending: {
    tone: 'neutral',
    title: 'Almost there',
    paragraphs: [
      'We are waiting for your provider to confirm the connection. This page looks again by itself every few seconds.',
      'If you chose a phone app such as Apple Health, finish there. You can close this window at any time; nothing is lost.',
    ],
    refreshSeconds: 5,
  },
  failed: {
    tone: 'bad',
    title: 'Your device could not be connected',
    paragraphs: [
      'Nothing was connected. Please go back to the app and try again.',
      'If you are asked for permissions, please allow all that the provider lists as required.',
    ],
  },
  cancelled: {
    tone: 'neutral',
    title: 'You cancelled',
    paragraphs: ['Nothing was connected. You can go back to the app and start again whenever you like.'],
  },
};

export function renderResultPage(status: ReturnStatus): string {
  return renderPage(RESULT_PAGES[status]);
}
