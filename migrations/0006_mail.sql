-- Mail waiting to go out. A row is written in the transaction that causes the mail, and the worker takes it from there:
-- at least once, never after `expires_at`, at the pace of its provider, and given up by its age. An operator can put
-- back what was given up.
--
-- Swept by mail::housekeeping: a dead mail loses its content after 30 days, and every finished mail goes after 90.
create table outbox (
    tenant_id uuid not null references tenants,
    id uuid not null,
    kind text not null,
    sender_name text not null,
    sender text not null,
    -- Where an answer goes: the union's own address.
    reply_to text,
    recipient text not null,
    subject text not null,
    -- Emptied once the mail has gone or died: codes and links don't linger.
    text_body text not null,
    html_body text not null,
    -- All that an operator may know of the bodies.
    has_content boolean not null generated always as (text_body <> '') stored,
    -- Of the mails of one series only the newest is of use: the codes of a sign-in, a person's links.
    series uuid,
    -- What the mail tells of, where that can be taken back before the mail has left: a notice's id.
    cause uuid,
    -- Codes and links go before all else.
    urgent boolean not null default false,
    state text not null default 'queued' check (state in ('queued', 'sent', 'expired', 'dead')),
    created_at timestamptz not null,
    -- Since when it waits to go out: it was made, or an operator put it back. Its age counts from here.
    queued_at timestamptz not null default now(),
    -- Not before this; while a worker holds the mail, the end of its lease.
    due_at timestamptz not null,
    expires_at timestamptz,
    attempts smallint not null default 0,
    last_error text,
    finished_at timestamptz,
    primary key (tenant_id, id)
);

-- A union's mails in the order in which they go out; whose turn it is among the unions stands in queue_turns.
-- A person with more than a few mails waiting gets the next ones later: due_at says that, too.
create index outbox_due on outbox (tenant_id, urgent, due_at) where state = 'queued';
create index outbox_waiting on outbox (tenant_id, recipient) where state = 'queued';
create index outbox_nobodys on outbox (tenant_id, id) where state = 'queued' and recipient = '';
create index outbox_series on outbox (tenant_id, series) where state = 'queued' and series is not null;
create index outbox_cause on outbox (tenant_id, cause)
    where state in ('queued', 'dead') and cause is not null;
create index outbox_expiring on outbox (tenant_id, expires_at)
    where state = 'queued' and expires_at is not null;
-- An operator's list of what did not leave, page by page.
create index outbox_undelivered on outbox (tenant_id, created_at, id) where state in ('queued', 'dead');
-- For the sweeps.
create index outbox_dead on outbox (tenant_id, finished_at) where state = 'dead' and has_content;
create index outbox_finished on outbox (tenant_id, finished_at) where state <> 'queued';

-- Which notices a person wants by mail; no row: the union's default. Kept for ever, because it is the person's own
-- choice: a row a person and kind of notice.
create table mail_preferences (
    tenant_id uuid not null,
    login_id uuid not null,
    kind text not null check (kind in ('expenses')),
    wanted boolean not null,
    primary key (tenant_id, login_id, kind),
    foreign key (tenant_id, login_id) references subscribers (tenant_id, login_id)
);

call protect_by_tenant('outbox', 'mail_preferences');

-- How many mails a provider takes: a bucket of tokens each, over all workers. The platform's own; kept
-- for ever, because there is a row a provider.
create table mail_rates (
    provider text primary key,
    per_second integer not null check (per_second > 0),
    tokens numeric not null,
    refilled_at timestamptz not null
);

-- Notifications that were taken, so that nobody sends one a second time. The platform's own. Swept by
-- mail::sns::taken after a day: each that is taken removes a batch of the old ones.
create table sns_messages (
    message_id text primary key,
    taken_at timestamptz not null
);

create index sns_messages_old on sns_messages (taken_at);

-- The server looks for what a newer mail replaces, and how many wait for an address; never into a mail.
grant insert, select (tenant_id, kind, state, recipient, series, urgent),
      update (state, finished_at, text_body, html_body)
    on outbox to kosmo_server;
grant select, insert, update on mail_preferences to kosmo_server;
grant select, insert, delete on sns_messages to kosmo_server;
grant select, insert, update, delete on outbox to kosmo_worker;
grant select on mail_preferences to kosmo_worker;
grant select, insert, update on mail_rates to kosmo_worker;
-- The bodies, which carry codes and links, stay out of the operator's sight.
grant insert,
      select (tenant_id, id, kind, recipient, state, created_at, queued_at, due_at, expires_at,
              attempts, last_error, finished_at, has_content, series, urgent, cause),
      update (state, due_at, queued_at, finished_at)
    on outbox to kosmo_operator;
grant select on mail_preferences to kosmo_operator;
