export { TERRA_CONNECT_ENTITIES, TERRA_CONNECT_MIGRATIONS } from './entities';
export { TerraAuthModule } from './terra-auth.module';
