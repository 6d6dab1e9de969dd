-- The outbox. A mail is written in the transaction that causes it. The worker sends it at least once, never after
-- `expires_at`, at the pace of its provider, and gives it up after some days. An operator can put it back.
--
-- Swept by mail::housekeeping: a dead mail loses its content after 30 days, and every finished mail is deleted after
-- 90.
create table outbox (
    tenant_id uuid not null references tenants,
    id uuid not null,
    kind text not null,
    sender_name text not null,
    sender text not null,
    -- The address for answers: the union's own.
    reply_to text,
    recipient text not null,
    subject text not null,
    -- Emptied once the mail is sent or dead, so that no codes and links are kept.
    text_body text not null,
    html_body text not null,
    -- The operator may not read the bodies, but may know if they are still there.
    has_content boolean not null generated always as (text_body <> '') stored,
    -- Within a series (the codes of a sign-in, a person's links) only the newest mail is of use.
    series uuid,
    -- What the mail is about, if that can be withdrawn before the mail is sent: a notice's id.
    cause uuid,
    -- True for codes and links, which are sent first.
    urgent boolean not null default false,
    state text not null default 'queued' check (state in ('queued', 'sent', 'expired', 'dead')),
    created_at timestamptz not null,
    -- When the mail was made, or when an operator put it back. It is given up by its age since then.
    queued_at timestamptz not null default now(),
    -- Not sent before this time. While a worker holds the mail, this is the end of its lease.
    due_at timestamptz not null,
    expires_at timestamptz,
    attempts smallint not null default 0,
    last_error text,
    finished_at timestamptz,
    primary key (tenant_id, id)
);

-- A union's mails in the order of sending. Turns between unions are in queue_turns. If a person has several
-- mails waiting, the next ones get a later due_at.
create index outbox_due on outbox (tenant_id, urgent, due_at) where state = 'queued';
create index outbox_waiting on outbox (tenant_id, recipient) where state = 'queued';
create index outbox_nobodys on outbox (tenant_id, id) where state = 'queued' and recipient = '';
create index outbox_series on outbox (tenant_id, series) where state = 'queued' and series is not null;
create index outbox_cause on outbox (tenant_id, cause)
    where state in ('queued', 'dead') and cause is not null;
create index outbox_expiring on outbox (tenant_id, expires_at)
    where state = 'queued' and expires_at is not null;
-- For the operator's list of mail that was not sent, page by page.
create index outbox_undelivered on outbox (tenant_id, created_at, id) where state in ('queued', 'dead');
-- For the sweeps.
create index outbox_dead on outbox (tenant_id, finished_at) where state = 'dead' and has_content;
create index outbox_finished on outbox (tenant_id, finished_at) where state <> 'queued';

-- The news that a person wants by mail; without a row, the union's default counts. It is the person's own choice,
-- so it is kept for ever: at most one row for each person and kind.
create table mail_preferences (
    tenant_id uuid not null,
    login_id uuid not null,
    kind text not null check (kind in ('expenses')),
    wanted boolean not null,
    primary key (tenant_id, login_id, kind),
    foreign key (tenant_id, login_id) references subscribers (tenant_id, login_id)
);

call protect_by_tenant('outbox', 'mail_preferences');

-- How fast mail may leave: a token bucket for each provider, shared by all workers. The platform's own
-- table. It is kept for ever, with one row for each provider.
create table mail_rates (
    provider text primary key,
    per_second integer not null check (per_second > 0),
    tokens numeric not null,
    refilled_at timestamptz not null
);

-- Ids of notifications that were handled, against replays. The platform's own table. Swept by
-- mail::sns::taken after a day: each new notification deletes a batch of old ids.
create table sns_messages (
    message_id text primary key,
    taken_at timestamptz not null
);

create index sns_messages_old on sns_messages (taken_at);

-- The server looks for mails that a newer one replaces, and counts those that wait for an address. It
-- never reads a body.
grant insert, select (tenant_id, kind, state, recipient, series, urgent),
      update (state, finished_at, text_body, html_body)
    on outbox to kosmo_server;
grant select, insert, update on mail_preferences to kosmo_server;
grant select, insert, delete on sns_messages to kosmo_server;
grant select, insert, update, delete on outbox to kosmo_worker;
grant select on mail_preferences to kosmo_worker;
grant select, insert, update on mail_rates to kosmo_worker;
-- Bodies contain codes and links, so the operator can't read them.
grant insert,
      select (tenant_id, id, kind, recipient, state, created_at, queued_at, due_at, expires_at,
              attempts, last_error, finished_at, has_content, series, urgent, cause),
      update (state, due_at, queued_at, finished_at)
    on outbox to kosmo_operator;
grant select on mail_preferences to kosmo_operator;
