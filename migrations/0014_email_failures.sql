-- Addresses where mail does not arrive, as Amazon SES tells through SNS.

create table email_failures (
    tenant_id uuid not null default current_tenant() references tenants,
    -- As it stands in accounts.
    email text not null,
    kind text not null check (kind in ('bounce', 'complaint')),
    at timestamptz not null,
    -- The provider's own word for it; nothing of the mail or the person.
    detail text not null check (length(detail) <= 40),
    primary key (tenant_id, email)
);

alter table email_failures enable row level security;
alter table email_failures force row level security;
create policy own_tenant on email_failures using (tenant_id = current_tenant());

grant select, insert, update, delete on email_failures to kosmo_server;

-- Whose address it is, confirmed or not.
create index accounts_email on accounts (tenant_id, email) where email is not null;

-- Notifications that were taken, so that nobody sends one a second time. The platform's own.
create table sns_messages (
    message_id text primary key,
    taken_at timestamptz not null
);

create index sns_messages_old on sns_messages (taken_at);

grant select, insert, delete on sns_messages to kosmo_server;
