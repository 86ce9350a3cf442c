import { applyDecorators } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { ApiIdParam, ApiProblems, BODY_PROBLEMS, invalidField, PAGE_PROBLEM } from '../http';
import { StartSweepDto } from './dto/start-sweep.dto';
import { SweepDto, SweepPageDto, SweepReportDto } from './dto/sweep.dto';

export const ApiStartSweep = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Start a sweep',
      description:
        "A worker reads all of Terra's users and corrects the differences. Read the sweep to follow its progress. If the last sweep failed and started within the last 6 hours, this request resumes it.",
    }),
    ApiBody({
      type: StartSweepDto,
      examples: {
        dryRun: { summary: 'Only report the differences', value: { dryRun: true } },
        sweep: { summary: 'Correct the differences', value: { dryRun: false } },
        approve: { summary: 'Approve the sweep that awaits approval', value: { force: true } },
      },
    }),
    ApiAcceptedResponse({ description: 'The sweep that a worker will process.', type: SweepDto }),
    ApiProblems({
      ...BODY_PROBLEMS,
      409: {
        'sweep.running': 'Another sweep is running. Wait until it has finished.',
        'sweep.report_missing':
          'No sweep of the last 24 hours shows what would be adopted. Start a sweep with dryRun and adopt, read its findings, then repeat this request.',
      },
      422: { 'request.invalid': invalidField('dryRun', 'must be true or false') },
    }),
  );

export const ApiListSweeps = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({ summary: 'List sweeps', description: 'Returns all sweeps, newest first.' }),
    ApiOkResponse({ description: 'A page of sweeps.', type: SweepPageDto }),
    ApiProblems(PAGE_PROBLEM),
  );

export const ApiReadSweep = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({ summary: 'Read a sweep', description: 'Returns the sweep with its findings.' }),
    ApiIdParam('Id of the sweep', 'GET /v1/sweeps'),
    ApiOkResponse({
      description: 'The sweep with its current status and its first findings.',
      type: SweepReportDto,
    }),
    ApiProblems({ 404: { 'sweep.not_found': 'No sweep has this id.' } }),
  );
