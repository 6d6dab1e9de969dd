-- Run on every machine, in the database kosmo, as a superuser, after infra/production/roles.sql.

create extension citus;

-- The machines connect to each other as the role that sent the statement, so the roles themselves need to log in. Let
-- pg_hba.conf allow that only from the other machines, by a certificate or a password in ~postgres/.pgpass. Row-level
-- security still binds the roles.
alter role kosmo_owner login;
alter role kosmo_server login;
alter role kosmo_worker login;
alter role kosmo_operator login;
grant connect on database kosmo to kosmo_server, kosmo_worker, kosmo_operator;

-- Citus passes SET LOCAL kosmo.tenant_id on to the machine that has the rows; it never passes
-- set_config() on.
alter database kosmo set citus.propagate_set_commands = 'local';

-- Migrations change tables that refer to one on every machine, so they go shard by shard.
alter role kosmo_login_migrate in database kosmo set citus.multi_shard_modify_mode = 'sequential';

-- Citus plans a statement for the machine that has the union's rows, so it has to see the parameters.
alter role kosmo_login_serve reset plan_cache_mode;
