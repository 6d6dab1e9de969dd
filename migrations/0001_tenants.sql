-- Unions, their hosts, the versions of their policies, and the platform's maintenance windows.
--
-- These are the platform's own tables: a request's union is looked up in them before any tenant is known, so they have
-- no row-level security. They hold no personal data. Every server keeps them in memory, and the transaction that
-- changes one notifies all servers (src/tenant/notify.rs): tables spread over many machines can have no triggers.

create table tenants (
    id uuid primary key,
    slug text not null unique,
    created_at timestamptz not null
);

-- A label belongs to one union only, so it is the primary key.
create table tenant_hosts (
    label text primary key,
    tenant_id uuid not null references tenants,
    -- Subscribers use the portal, staff the console.
    door text not null check (door in ('portal', 'console')),
    -- False for a label that redirects.
    canonical boolean not null
);

create unique index tenant_hosts_one_canonical on tenant_hosts (tenant_id, door) where canonical;

-- The newest version is in force. A rollback adds a version that repeats an older one, so it stays known which
-- version was in force on a given day. For the same reason, each version also says if the union is in service.
create table tenant_policies (
    tenant_id uuid not null references tenants,
    version integer not null check (version > 0),
    config jsonb not null,
    enabled boolean not null default true,
    created_at timestamptz not null,
    created_by text not null,
    note text not null,
    primary key (tenant_id, version)
);

-- The platform's maintenance windows (T13), planned one by one. A union's own windows are in its
-- policy.
create table maintenance_windows (
    id uuid primary key,
    starts_at timestamptz not null,
    ends_at timestamptz not null check (ends_at > starts_at),
    planned_at timestamptz not null,
    planned_by text not null,
    cancelled_at timestamptz
);

-- Returns the union of the running transaction. It is null outside one, so nothing is visible then.
-- A setting made by SET LOCAL reads as '' in later transactions of the same connection, hence the
-- nullif.
create function current_tenant() returns uuid language sql stable parallel safe as $$
    select nullif(current_setting('kosmo.tenant_id', true), '')::uuid
$$;

-- Makes the rows of these tables visible only to transactions of their own union. That binds the owner of the
-- tables, too.
create procedure protect_by_tenant(variadic tables text[]) language plpgsql as $$
declare
    name text;
begin
    foreach name in array tables loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy own_tenant on %I using (tenant_id = current_tenant())', name);
    end loop;
end
$$;

grant select on tenants, tenant_hosts, tenant_policies, maintenance_windows
    to kosmo_server, kosmo_worker, kosmo_operator;
grant insert, delete on tenant_hosts to kosmo_operator;
grant insert on tenants, tenant_policies to kosmo_operator;
grant insert, update (cancelled_at) on maintenance_windows to kosmo_operator;
