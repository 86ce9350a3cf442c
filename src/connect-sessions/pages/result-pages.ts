import { RETURN_STATUS, type ReturnStatus } from '../connect-session-status';
import type { ConnectSession } from '../connect-session.entity';
import { renderPage, type Page } from './page';

/** The page at the end of a session without a return URL. */
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
      'We are waiting for your provider to confirm the connection. This page checks again every few seconds.',
      'If you chose a phone app such as Apple Health, please finish there. You can close this window at any time: nothing is lost.',
    ],
    refreshSeconds: 5,
  },
  failed: {
    tone: 'bad',
    title: 'Your device could not be connected',
    paragraphs: [
      'Nothing was connected. Please go back to the app and try again.',
      'If the provider asks for permissions, please allow all the required ones.',
    ],
  },
  cancelled: {
    tone: 'neutral',
    title: 'You cancelled',
    paragraphs: ['Nothing was connected. You can go back to the app and start again whenever you like.'],
  },
};

export function renderResultPage({ status }: Pick<ConnectSession, 'status'>): string {
  return renderPage(RESULT_PAGES[RETURN_STATUS[status]]);
}
