-- Spreads a database over its machines, by union: all rows of a union are on one machine. Run it once on the
-- coordinator, as a superuser, after `kosmo migrate` and before the first union:
--
--   psql -v ON_ERROR_STOP=1 --single-transaction -f distribute.sql kosmo
--
-- Then run grants.sql. Every table is listed here once, after the tables that its foreign keys refer to;
-- tests/journeys/database/scale.rs checks both.

-- Shards that refer to a table on every machine have to be created one after the other.
set local citus.multi_shard_modify_mode = 'sequential';

-- Foreign keys to `tenants` are dropped and added again at the end. With them, Citus would convert the referring
-- tables by itself as soon as `tenants` is on every machine, and fail at the checks of partitions.
create temporary table put_off on commit drop as
    select conrelid::regclass as owner, conname as name, pg_get_constraintdef(oid) as definition
    from pg_constraint where contype = 'f' and conparentid = 0 and confrelid = 'tenants'::regclass;
do $$
declare
    key record;
begin
    for key in select * from put_off loop
        execute format('alter table %s drop constraint %I', key.owner, key.name);
    end loop;
end
$$;

-- The platform's own tables. Foreign keys of spread tables refer to `tenants`, so it is on every
-- machine.
select create_reference_table('tenants');
-- These stay on the coordinator. Only it reads them, and no statement joins them with a spread table:
-- local: tenant_hosts
-- local: tenant_policies
-- local: tenant_terms
-- local: platform_terms
-- local: maintenance_windows
-- local: mail_rates
-- local: sns_messages
-- local: queue_turns

-- A union's own tables.
select create_distributed_table('households', 'tenant_id');
select create_distributed_table('household_numbers', 'tenant_id', colocate_with => 'households');
select create_distributed_table('members', 'tenant_id', colocate_with => 'households');
select create_distributed_table('former_households', 'tenant_id', colocate_with => 'households');
select create_distributed_table('member_keys', 'tenant_id', colocate_with => 'households');

select create_distributed_table('logins', 'tenant_id', colocate_with => 'households');
select create_distributed_table('subscribers', 'tenant_id', colocate_with => 'households');
select create_distributed_table('sessions', 'tenant_id', colocate_with => 'households');
select create_distributed_table('retired_tokens', 'tenant_id', colocate_with => 'households');
select create_distributed_table('known_browsers', 'tenant_id', colocate_with => 'households');
select create_distributed_table('email_codes', 'tenant_id', colocate_with => 'households');
select create_distributed_table('devices', 'tenant_id', colocate_with => 'households');
select create_distributed_table('totp_enrolments', 'tenant_id', colocate_with => 'households');
select create_distributed_table('passkey_ceremonies', 'tenant_id', colocate_with => 'households');
select create_distributed_table('passkey_answers', 'tenant_id', colocate_with => 'households');
select create_distributed_table('recovery_codes', 'tenant_id', colocate_with => 'households');
select create_distributed_table('email_confirmations', 'tenant_id', colocate_with => 'households');
select create_distributed_table('registration_drafts', 'tenant_id', colocate_with => 'households');
select create_distributed_table('letters', 'tenant_id', colocate_with => 'households');
select create_distributed_table('terms_agreements', 'tenant_id', colocate_with => 'households');
select create_distributed_table('password_resets', 'tenant_id', colocate_with => 'households');
select create_distributed_table('throttles', 'tenant_id', colocate_with => 'households');
select create_distributed_table('email_failures', 'tenant_id', colocate_with => 'households');
select create_distributed_table('staff', 'tenant_id', colocate_with => 'households');
select create_distributed_table('staff_invitations', 'tenant_id', colocate_with => 'households');
select create_distributed_table('approvals', 'tenant_id', colocate_with => 'households');
select create_distributed_table('staff_reviews', 'tenant_id', colocate_with => 'households');
select create_distributed_table('caller_checks', 'tenant_id', colocate_with => 'households');
select create_distributed_table('not_me_links', 'tenant_id', colocate_with => 'households');

select create_distributed_table('audit_events', 'tenant_id', colocate_with => 'households');
select create_distributed_table('audit_seals', 'tenant_id', colocate_with => 'households');
select create_distributed_table('audit_alerts', 'tenant_id', colocate_with => 'households');
select create_distributed_table('audit_exports', 'tenant_id', colocate_with => 'households');

select create_distributed_table('outbox', 'tenant_id', colocate_with => 'households');
select create_distributed_table('mail_preferences', 'tenant_id', colocate_with => 'households');

select create_distributed_table('jobs', 'tenant_id', colocate_with => 'households');

select create_distributed_table('import_batches', 'tenant_id', colocate_with => 'households');
select create_distributed_table('staged_files', 'tenant_id', colocate_with => 'households');
select create_distributed_table('staged_members', 'tenant_id', colocate_with => 'households');
select create_distributed_table('staged_expenses', 'tenant_id', colocate_with => 'households');
select create_distributed_table('staged_claims', 'tenant_id', colocate_with => 'households');

select create_distributed_table('expense_claims', 'tenant_id', colocate_with => 'households');
select create_distributed_table('expenses', 'tenant_id', colocate_with => 'households');
select create_distributed_table('expense_months', 'tenant_id', colocate_with => 'households');
select create_distributed_table('expense_history', 'tenant_id', colocate_with => 'households');
select create_distributed_table('expense_withdrawals', 'tenant_id', colocate_with => 'households');

select create_distributed_table('record_notices', 'tenant_id', colocate_with => 'households');
select create_distributed_table('record_privacy', 'tenant_id', colocate_with => 'households');

do $$
declare
    key record;
begin
    for key in select * from put_off loop
        execute format('alter table %s add constraint %I %s', key.owner, key.name, key.definition);
    end loop;
end
$$;
