import { applyDecorators } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { ApiEndUserOperation, ApiProblems, REFERENCE_ID_PROBLEM, type ReferenceIdPlace } from '../http';
import { DiagnosisDto } from './dto/diagnosis.dto';

export const ApiDiagnoseEndUser = (place: ReferenceIdPlace): MethodDecorator =>
  applyDecorators(
    ApiEndUserOperation(place, {
      summary: 'Diagnose an end user',
      description:
        'Explains why the end user is not connected and what to do. The conclusions come first, then the sessions, the connections with their Terra users, the webhook events, the events for your services with their deliveries, where health data goes, and the Terra users that Terra lists. This request changes nothing. You also get a diagnosis for an unknown end user, and when Terra does not answer.',
    }),
    ApiOkResponse({ description: 'The diagnosis.', type: DiagnosisDto }),
    ApiProblems(REFERENCE_ID_PROBLEM),
  );
