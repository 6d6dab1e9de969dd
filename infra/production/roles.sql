-- Run once for a cluster, as a superuser: psql -f roles.sql
-- It creates the owner of the tables, the three roles that processes act as, and the users that log in.
-- Then give each user a password: \password kosmo_login_serve

create role kosmo_owner nologin;
create role kosmo_server nologin;
create role kosmo_worker nologin;
create role kosmo_operator nologin;

-- NOINHERIT: a user has no rights of its own. From its login on, it acts as one role only, so no process has to set
-- its role, which would be lost behind a pooler.
-- kosmo migrate
create role kosmo_login_migrate login noinherit in role kosmo_owner;
alter role kosmo_login_migrate set role kosmo_owner;
-- kosmo serve
create role kosmo_login_serve login noinherit in role kosmo_server;
alter role kosmo_login_serve set role kosmo_server;
-- A page's statements look up a few rows by their keys, whatever the parameters are, so one plan for a connection is enough.
-- A new one for each request takes a fifth as long as reading a page's rows, and compiling it takes longer than that.
alter role kosmo_login_serve set plan_cache_mode = force_generic_plan;
alter role kosmo_login_serve set jit = off;
-- kosmo worker
create role kosmo_login_worker login noinherit in role kosmo_worker;
alter role kosmo_login_worker set role kosmo_worker;
-- The operator at a terminal: kosmo tenant, members, expenses, and doctor, which also looks into
-- the outbox.
create role kosmo_login_operator login noinherit in role kosmo_operator;
alter role kosmo_login_operator set role kosmo_operator;
-- pg_dump has to read the rows of all unions, and row-level security binds even the owner.
create role kosmo_backup login bypassrls in role pg_read_all_data;

create database kosmo owner kosmo_owner encoding 'UTF8' locale 'C' template template0;
revoke connect, temporary on database kosmo from public;
grant connect on database kosmo
    to kosmo_login_migrate, kosmo_login_serve, kosmo_login_worker, kosmo_login_operator, kosmo_backup;
