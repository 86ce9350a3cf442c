import { isPhoneProvider, providerName } from './providers';
import type { EndUser } from './sign-in';
import { isMissing, type ConnectSession, type TerraConnectClient } from './terra-connect-client';

export interface Banner {
  tone: 'good' | 'quiet' | 'bad';
  text: string;
  /** Address of the page that checks again while the session is open. */
  checkAgain?: string;
  /** Whether the banner links to what to do on the phone. */
  phoneHelp?: boolean;
}

/**
 * The banner for an end user who returns from the connect flow. The query of the return URL proves nothing, so the
 * app asks the service for the outcome, and shows it only if the session belongs to the signed-in end user.
 */
export async function bannerFor(
  terraConnect: TerraConnectClient,
  user: EndUser,
  sessionId: string,
  pageUrl: string,
): Promise<Banner> {
  const session = sessionId === '' ? null : await findSession(terraConnect, sessionId);
  if (session?.referenceId !== user.referenceId) {
    return {
      tone: 'bad',
      text: 'This link does not belong to your account. To connect a device, start below.',
    };
  }
  const again = session.connectionId != null;
  switch (session.status) {
    case 'completed':
      return { tone: 'good', text: again ? 'Your device is connected again.' : 'Your device is connected.' };
    case 'cancelled':
      return {
        tone: 'quiet',
        text: again ? 'You cancelled. Nothing has changed.' : 'You cancelled. Nothing was connected.',
      };
    case 'failed':
      return { tone: 'bad', text: failureText(session.providerReason) };
    case 'expired':
      return { tone: 'bad', text: 'That took too long. Please start again.' };
    default:
      return { tone: 'quiet', ...openText(session), checkAgain: pageUrl };
  }
}

/** A phone-only provider sends the browser back at once, without a connection: the end user continues on the phone. */
function openText({ providers = [] }: ConnectSession): Pick<Banner, 'text' | 'phoneHelp'> {
  const onPhone = providers.filter(isPhoneProvider);
  const [first] = onPhone;
  if (first && onPhone.length === providers.length)
    return { text: `${providerName(first)} connects on your phone.`, phoneHelp: true };
  const soon = 'Your device will appear here in a moment.';
  if (providers.length > 0 && !first) return { text: soon };
  return {
    text: `${soon} If you chose Apple Health, Health Connect or Samsung Health, continue on your phone.`,
    phoneHelp: true,
  };
}

function failureText(reason: string | null | undefined): string {
  if (reason === 'missing_scopes')
    return 'The device was not connected. Try again and allow every permission that is marked as required.';
  return 'The device could not be connected. Please try again.';
}

async function findSession(terraConnect: TerraConnectClient, id: string): Promise<ConnectSession | null> {
  try {
    return await terraConnect.getSession(id);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
