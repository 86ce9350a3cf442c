import type { EndUser } from './sign-in';
import { ServiceRejectedError, type ConnectSession, type TerraConnectClient } from './terra-connect-client';

export interface Banner {
  tone: 'good' | 'quiet' | 'bad';
  text: string;
  /** Address of the page that checks again while the session is open. */
  checkAgain?: string;
}

/** Statuses of ended connections; the device list does not show these. */
export const ENDED_STATUSES: readonly string[] = ['disconnecting', 'disconnected', 'moved'];

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
    return { tone: 'bad', text: 'This link does not belong to your account.' };
  }
  switch (session.status) {
    case 'completed':
      return { tone: 'good', text: 'Your device is connected.' };
    case 'cancelled':
      return { tone: 'quiet', text: 'You cancelled. Nothing was connected.' };
    case 'failed':
      return { tone: 'bad', text: failureText(session.providerReason) };
    case 'expired':
      return { tone: 'bad', text: 'That took too long. Please start again.' };
    default:
      return { tone: 'quiet', text: 'Your device will appear here in a moment.', checkAgain: pageUrl };
  }
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
    // 401 and 403 mean that this app has a wrong key or scope; every other rejection means that there is no such session.
    if (error instanceof ServiceRejectedError && ![401, 403].includes(error.status)) return null;
    throw error;
  }
}
