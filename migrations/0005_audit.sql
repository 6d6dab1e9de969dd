-- The trail: append-only, for the server too.

create table audit_events (
    tenant_id uuid not null default current_tenant() references tenants,
    id uuid not null,
    at timestamptz not null,
    action text not null,
    account_id uuid,
    detail jsonb not null,
    primary key (tenant_id, id)
);

-- A person's recent sign-ins, the newest first (S9).
create index audit_events_by_account on audit_events (tenant_id, account_id, at)
    where account_id is not null;

call protect_by_tenant('audit_events');

grant select, insert on audit_events to kosmo_server, kosmo_operator;
grant insert on audit_events to kosmo_worker;
