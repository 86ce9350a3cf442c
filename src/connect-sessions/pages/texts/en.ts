import type { PageTexts } from '../page-text';

export const EN: PageTexts = {
  connected: (provider) => ({
    title: provider ? `${provider} is connected` : 'Your device is connected',
    paragraphs: ['You can close this window and go back to the app.'],
  }),
  pending: (provider) => ({
    title: 'Almost there',
    paragraphs: [
      `We are waiting for ${provider ?? 'your provider'} to confirm the connection. This page checks again every few seconds.`,
      'If you chose a phone app such as Apple Health, please finish there. You can close this window at any time: nothing is lost.',
    ],
  }),
  failed: (provider) => ({
    title: `${provider ?? 'Your device'} could not be connected`,
    paragraphs: [
      'Nothing was connected. Please go back to the app and try again.',
      `If ${provider ?? 'the provider'} asks for permissions, please allow all the required ones.`,
    ],
  }),
  cancelled: (provider) => ({
    title: 'You cancelled',
    paragraphs: [
      `${provider ?? 'Your device'} was not connected. You can go back to the app and start again whenever you like.`,
    ],
  }),
  unknownLink: {
    title: 'This link does not work',
    paragraphs: ['The link may be incomplete. Please go back to the app and choose "Connect" again.'],
  },
  spentLink: {
    title: 'This link has been used',
    paragraphs: [
      'Each link works once. To connect another device, please go back to the app and start again.',
    ],
  },
  expiredLink: {
    title: 'This link has expired',
    paragraphs: [
      'For your safety, links work for a limited time. Please go back to the app and start again.',
      'If you got this link in a message, please ask the sender for a new one.',
    ],
  },
  renewableLink: {
    title: 'This link has expired',
    paragraphs: [
      'For your safety, links work for a limited time. You can get a new one here and continue at once.',
    ],
  },
  renewedLink: {
    title: 'Your new link is ready',
    paragraphs: ['You can now connect your device.'],
  },
  tooManyRequests: {
    title: 'Please wait a moment',
    paragraphs: ['There were too many requests. Please wait a minute and load this page again.'],
  },
  serviceFailed: {
    title: 'Something went wrong',
    paragraphs: ['You did nothing wrong. Please wait a moment and load this page again.'],
  },
  backToApp: 'Back to the app',
  getNewLink: 'Get a new link',
  continue: 'Continue',
};
