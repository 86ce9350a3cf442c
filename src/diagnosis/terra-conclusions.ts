import { explainTerraProblem, type TerraUser } from '../terra';
import type { Conclusion, DiagnosisInput, TerraAnswer } from './diagnosis-input';

const RECONCILE = 'POST /v1/end-users/:referenceId/reconcile (or terra-connect reconcile <referenceId>)';
const JUST_NOW_MS = 120_000;

/** The conclusions from what Terra says about the end user, or from its silence. */
export function concludeTerra(input: DiagnosisInput): Conclusion[] {
  const { terra } = input;
  if (!terra.answered) return [concludeNoAnswer(terra.cause)];
  return [
    ...awaitsAdoption(terra, input),
    ...onlyAtTerra(terra, input),
    ...missingAtTerra(terra, input),
    ...unlisted(terra),
  ];
}

function awaitsAdoption(terra: TerraAnswer, input: DiagnosisInput): Conclusion[] {
  const sweep = input.awaitingAdoption;
  if (!sweep) return [];
  // An account that was connected later is not among the users of that sweep. One of the same millisecond is: the sweep
  // asks Terra after its start.
  const isOld = unknownOf(terra, input).some(({ createdAt }) => !createdAt || createdAt <= sweep.startedAt);
  if (!isOld) return [];
  return [
    {
      code: 'sweep_awaits_adoption',
      summary: `Terra lists accounts of this end user, and many others, that the service does not know. So the sweep of ${sweep.startedAt.toISOString()} awaits approval and has connected none of them.`,
      advice: `This is normal on the first day with a Terra account that already has users. An operator reads GET /v1/sweeps/${sweep.id}, then runs terra-connect sweep --adopt: it asks before it connects them. For this end user alone: ${RECONCILE}.`,
    },
  ];
}

function unknownOf({ users }: TerraAnswer, { connections }: DiagnosisInput): TerraUser[] {
  const ours = new Set(connections.flatMap(({ identities }) => identities.map((one) => one.terraUserId)));
  return users.filter(({ terraUserId }) => !ours.has(terraUserId));
}

function onlyAtTerra(terra: TerraAnswer, input: DiagnosisInput): Conclusion[] {
  const { now } = input;
  return unknownOf(terra, input).map(({ terraUserId, provider, createdAt }) => {
    const isNew = createdAt !== null && now.getTime() - createdAt.getTime() < JUST_NOW_MS;
    const cause = isNew
      ? 'Its webhook has not arrived yet, or was lost.'
      : 'Its webhook was lost: Terra did not send it, or this service did not get it.';
    const wait = isNew ? 'Wait a minute. If nothing changes, ' : '';
    const act = `${wait}${wait ? 'call' : 'Call'} ${RECONCILE}: it connects the account.`;
    return {
      code: 'only_at_terra',
      summary: `The end user has connected ${provider} at Terra (${terraUserId}), but the service does not know the account. ${cause}`,
      advice: `${act} If webhooks get lost often, check Terra's destination and its log of deliveries.`,
    };
  });
}

function missingAtTerra({ missing }: TerraAnswer, { connections }: DiagnosisInput): Conclusion[] {
  const gone = connections.filter(
    ({ connection: { status, terraUserId } }) => status === 'active' && missing.includes(terraUserId),
  );
  return gone.map(({ connection: { terraUserId, provider } }) => ({
    code: 'missing_at_terra',
    summary: `${provider} (${terraUserId}) counts as connected, but Terra no longer knows this account: its end was not reported, or TERRA_DEV_ID belongs to another Terra environment.`,
    advice: `Call ${RECONCILE}. The service ends the connection only if a second check misses it at Terra, too.`,
  }));
}

function unlisted({ unlisted: users }: TerraAnswer): Conclusion[] {
  if (users.length === 0) return [];
  const names = users.map(({ provider, terraUserId }) => `${provider} (${terraUserId})`).join(', ');
  return [
    {
      code: 'terra_list_incomplete',
      summary: `Terra's list of this end user's accounts lacks ${names}, although Terra knows each by its id: the list is wrong, not the connection.`,
      advice:
        "The service disconnects no account because of such a list. Do not approve a sweep until Terra's lists are complete; if they stay wrong, ask Terra's support.",
    },
  ];
}

function concludeNoAnswer(cause: string): Conclusion {
  if (cause === 'not_asked') {
    return {
      code: 'terra_not_asked',
      summary: 'Terra was not asked, because TERRA_DEV_ID and TERRA_API_KEY are not set.',
      advice:
        'Set them (and TERRA_API_URL, if the service has it) and run this again: only Terra knows of an account whose webhook was lost.',
    };
  }
  const { problem, remedy } = explainTerraProblem(cause);
  if (cause === 'terra.bad_credentials') {
    return {
      code: 'wrong_credentials',
      summary: 'Terra rejects the credentials of this service, so no end user can connect.',
      advice: remedy,
    };
  }
  return {
    code: 'terra_unreachable',
    summary: `${problem} So Terra did not say which accounts this end user has (${cause}).`,
    advice: `${remedy} Until then, this diagnosis uses only the records of the service.`,
  };
}
