import { Global, Module } from '@nestjs/common';
import { Clock } from './clock';

/** Makes the clock injectable everywhere. */
@Global()
@Module({ providers: [Clock], exports: [Clock] })
export class ClockModule {}
