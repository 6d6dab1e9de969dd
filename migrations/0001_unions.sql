-- Unions, the hosts they answer on, and their policies, one row a version.
--
-- These three are the platform's own tables: a request's union is looked up in them before any
-- tenant is known, so they carry no row-level security. Nothing of a person stands in them.

create table tenants (
    id uuid primary key,
    slug text not null unique,
    created_at timestamptz not null
);

-- A label answers for one union only, so the label leads the key.
create table tenant_hosts (
    label text primary key,
    tenant_id uuid not null references tenants,
    canonical boolean not null
);

create unique index tenant_hosts_one_canonical on tenant_hosts (tenant_id) where canonical;

-- The newest version is in force. A rollback adds a version that repeats an older one, so that
-- what was in force on a given day can always be told.
create table tenant_policies (
    tenant_id uuid not null references tenants,
    version integer not null check (version > 0),
    config jsonb not null,
    created_at timestamptz not null,
    created_by text not null,
    note text not null,
    primary key (tenant_id, version)
);

-- Every server listens; whatever changes a union, by whichever way, is told to all.
create function notify_tenants_changed() returns trigger language plpgsql as $$
begin
    notify kosmo_tenants;
    return null;
end
$$;

create trigger tenants_changed after insert or update or delete on tenants
    for each statement execute function notify_tenants_changed();
create trigger tenant_hosts_changed after insert or update or delete on tenant_hosts
    for each statement execute function notify_tenants_changed();
create trigger tenant_policies_changed after insert or update or delete on tenant_policies
    for each statement execute function notify_tenants_changed();

grant select on tenants, tenant_hosts, tenant_policies to kosmo_server, kosmo_worker;
grant select, insert, delete on tenant_hosts to kosmo_operator;
grant select, insert on tenants, tenant_policies to kosmo_operator;

-- The union of the running transaction; null outside one, so that nothing is seen.
-- A setting made by SET LOCAL reads as '' in later transactions of the same connection.
create function current_tenant() returns uuid language sql stable parallel safe as $$
    select nullif(current_setting('kosmo.tenant_id', true), '')::uuid
$$;
