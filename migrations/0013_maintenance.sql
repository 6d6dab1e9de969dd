-- When the whole platform rests (T13), planned one by one; a union's own windows are its policy's.

create table maintenance_windows (
    id uuid primary key,
    starts_at timestamptz not null,
    ends_at timestamptz not null check (ends_at > starts_at),
    planned_at timestamptz not null,
    planned_by text not null,
    cancelled_at timestamptz
);

create trigger maintenance_planned after insert or update on maintenance_windows
    for each statement execute function notify_tenants_changed();

grant select on maintenance_windows to kosmo_server, kosmo_worker, kosmo_operator;
grant insert, update (cancelled_at) on maintenance_windows to kosmo_operator;

-- The worker closes accounts whose time after losing eligibility is over (T12).
grant select on terms to kosmo_worker;
grant select (tenant_id, code, lost_on) on members to kosmo_worker;
grant select (tenant_id, id, member_code, closed_at) on accounts to kosmo_worker;
grant select (tenant_id, id, account_id, ended_at) on sessions to kosmo_worker;
grant update (closed_at) on accounts to kosmo_worker;
grant update (ended_at) on sessions to kosmo_worker;
grant insert on audit_events to kosmo_worker;
grant select, delete on throttles, retired_tokens to kosmo_worker;
