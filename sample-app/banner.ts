import { ServiceRefusedError, type ConnectSession, type TerraConnect } from './terra-connect';
import type { Person } from './visitor';

export interface Banner {
  tone: 'good' | 'quiet' | 'bad';
  text: string;
  /** Where to look again while the outcome is open. */
  checkAgain?: string;
}

/** Connections that are over and no longer belong on the list. */
export const ENDED: readonly string[] = ['disconnecting', 'disconnected', 'moved'];

/**
 * What to tell the person who comes back. The query of the return URL is only a hint: the outcome is asked of the
 * service, and only for a session that belongs to whoever is signed in.
 */
export async function bannerFor(
  terraConnect: TerraConnect,
  person: Person,
  sessionId: string,
  pageUrl: string,
): Promise<Banner> {
  const session = sessionId === '' ? null : await findSession(terraConnect, sessionId);
  if (session?.referenceId !== person.referenceId) {
    return { tone: 'bad', text: 'This link does not belong to your account.' };
  }
  switch (session.status) {
    case 'completed':
      return { tone: 'good', text: 'Your device is connected.' };
    case 'cancelled':
      return { tone: 'quiet', text: 'You cancelled. Nothing was connected.' };
    case 'failed':
      return { tone: 'bad', text: failureText(session.failureReason) };
    case 'expired':
      return { tone: 'bad', text: 'That took too long. Please start again.' };
    default:
      return { tone: 'quiet', text: 'Your device will appear here in a moment.', checkAgain: pageUrl };
  }
}

function failureText(reason: string | null | undefined): string {
  if (reason === 'missing_scopes')
    return 'The device was not connected: it needs every permission marked as needed.';
  return 'The device could not be connected. Please try again.';
}

async function findSession(terraConnect: TerraConnect, id: string): Promise<ConnectSession | null> {
  try {
    return await terraConnect.getSession(id);
  } catch (error) {
    // 401 and 403 are our own misconfiguration; anything else says that there is no such session.
    if (error instanceof ServiceRefusedError && ![401, 403].includes(error.status)) return null;
    throw error;
  }
}
