-- Mail waiting to go out. A row is written in the transaction that causes the mail, and the worker
-- takes it from there: at least once, never after `expires_at`.

create table outbox (
    tenant_id uuid not null default current_tenant() references tenants,
    id uuid not null,
    kind text not null,
    sender_name text not null,
    sender text not null,
    recipient text not null,
    subject text not null,
    -- Emptied once the mail has gone or died: codes and links don't linger.
    text_body text not null,
    html_body text not null,
    state text not null default 'queued' check (state in ('queued', 'sent', 'expired', 'dead')),
    created_at timestamptz not null,
    -- Not before this; while a worker holds the mail, the end of its lease.
    due_at timestamptz not null,
    expires_at timestamptz,
    attempts smallint not null default 0,
    last_error text,
    finished_at timestamptz,
    primary key (tenant_id, id)
);

create index outbox_due on outbox (due_at) where state = 'queued';

create function notify_mail_queued() returns trigger language plpgsql as $$
begin
    notify kosmo_mail;
    return null;
end
$$;

create trigger mail_queued after insert on outbox
    for each statement execute function notify_mail_queued();

alter table outbox enable row level security;
alter table outbox force row level security;
create policy own_tenant on outbox using (tenant_id = current_tenant());
-- The worker delivers for every union and sees this one table of theirs.
create policy worker_delivers on outbox to kosmo_worker using (true);

grant insert on outbox to kosmo_server;
grant select, update on outbox to kosmo_worker;
