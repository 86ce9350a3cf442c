import 'reflect-metadata';
import fastifyHelmet from '@fastify/helmet';
import { Module, ValidationPipe, VersioningType, type INestApplication } from '@nestjs/common';
import { HttpAdapterHost, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { TypeOrmModule } from '@nestjs/typeorm';
import express4 from 'express-4';
import helmet from 'helmet';
import { TERRA_CONNECT_MIGRATIONS, TerraAuthModule } from 'terra-connect';
import { HostFilter, WrapInterceptor } from './conventions.js';
import { Device, DevicesController, DevicesService, PartnersController } from './devices.js';

// A host application with conventions of its own: entities, prefix, versions, pipe, filter, interceptor, security headers.
const env = process.env as Record<string, string>;

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'postgres',
      url: env.DATABASE_URL,
      autoLoadEntities: true,
      synchronize: true,
      migrations: TERRA_CONNECT_MIGRATIONS,
      migrationsRun: true,
      retryAttempts: 0,
    }),
    TypeOrmModule.forFeature([Device]),
    TerraAuthModule.forRootAsync({
      useFactory: () => ({
        publicUrl: env.PUBLIC_URL,
        terra: {
          devId: env.TERRA_DEV_ID,
          apiKey: env.TERRA_API_KEY,
          signingSecrets: [env.TERRA_SIGNING_SECRET],
          apiUrl: env.TERRA_API_URL,
          widgetUrl: env.TERRA_WIDGET_URL,
          widgetGeneration: 'auto' as const,
          signatureToleranceSeconds: 300,
        },
        returnUrls: ['https://app.example.com/devices'],
        workersEnabled: true,
        bootstrapApiKey: env.API_KEY,
      }),
    }),
  ],
  controllers: [DevicesController, PartnersController],
  providers: [DevicesService],
})
class HostModule {}

const PLATFORMS: Record<string, () => Promise<INestApplication>> = {
  async fastify() {
    const adapter = new FastifyAdapter();
    const app = await NestFactory.create<NestFastifyApplication>(HostModule, adapter, OPTIONS);
    await app.register(fastifyHelmet as never);
    return app;
  },
  async express() {
    const app = await NestFactory.create(HostModule, new ExpressAdapter(), OPTIONS);
    app.use(helmet());
    return app;
  },
  // Nest's own body parser does not start on Express 4.
  express4: () =>
    NestFactory.create(HostModule, new ExpressAdapter(express4()), { ...OPTIONS, bodyParser: false }),
};
const OPTIONS = { abortOnError: false, logger: ['error' as const] };

async function main(): Promise<void> {
  const app = await PLATFORMS[env.PLATFORM]();
  app.setGlobalPrefix('api');
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }));
  app.useGlobalInterceptors(new WrapInterceptor());
  app.useGlobalFilters(new HostFilter(app.get(HttpAdapterHost)));
  app.enableShutdownHooks();
  await app.listen(Number(new URL(env.PUBLIC_URL).port), '127.0.0.1');
  console.log('listening');
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
