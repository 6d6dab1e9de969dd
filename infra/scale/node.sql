-- On every machine, in the database kosmo, as a superuser, once infra/production/roles.sql has run there.

create extension citus;

-- The machines reach each other as whoever asks, so the roles themselves log in from machine to machine: let pg_hba.conf
-- allow that from the other machines alone, by a certificate or a password in ~postgres/.pgpass. They remain bound by
-- row-level security.
alter role kosmo_owner login;
alter role kosmo_server login;
alter role kosmo_worker login;
alter role kosmo_operator login;
grant connect on database kosmo to kosmo_server, kosmo_worker, kosmo_operator;

-- SET LOCAL kosmo.tenant_id goes along to the machine that has the rows; set_config() never does.
alter database kosmo set citus.propagate_set_commands = 'local';

-- Migrations change tables that refer to one on every machine, shard by shard.
alter role kosmo_login_migrate in database kosmo set citus.multi_shard_modify_mode = 'sequential';
