-- What unions and people share is dealt out fairly: tries, and the mail's way out.

-- How many tokens the last request got: a server takes some of a union's own at a time.
-- The worker sweeps buckets that are full again.
alter table throttles add column granted integer not null default 0;

alter table accounts
    -- Strangers' wrong passwords lock strangers out, not the browsers that the person has signed in with.
    add column lock_spares_known_browsers boolean not null default false;
grant update (lock_spares_known_browsers) on accounts to kosmo_server, kosmo_operator;

alter table known_browsers
    -- Wrong passwords in a row that came from this browser; each is counted before it is checked (L2).
    add column failures smallint not null default 0;
grant select (tenant_id, account_id, failures), update (failures) on known_browsers to kosmo_operator;

-- Every request for a link leaves a row, whether or not somebody has the user ID, so that the time it takes tells
-- nothing. The rows of nobody belong to no account; the worker sweeps those that are over for a day.
alter table password_resets drop constraint password_resets_tenant_id_account_id_fkey;
create index password_resets_by_time on password_resets (tenant_id, expires_at);
grant select (tenant_id, account_id, expires_at), delete on password_resets to kosmo_worker;

alter table outbox
    -- Of the mails of one series only the newest is of use: the codes of a sign-in, a person's links.
    add column series uuid,
    -- Codes and links go before all else.
    add column urgent boolean not null default false;

update outbox set urgent = true where state = 'queued' and expires_at is not null;

-- A union's mails in the order in which they go out; whose turn it is among the unions stands in mail_turns.
-- Who has more than a few mails waiting gets the next ones later: due_at says that, too.
drop index outbox_due;
create index outbox_due on outbox (urgent, tenant_id, due_at) where state = 'queued';
create index outbox_waiting on outbox (tenant_id, recipient) where state = 'queued';
create index outbox_nobodys on outbox (tenant_id, id) where state = 'queued' and recipient = '';
create index outbox_series on outbox (tenant_id, series) where state = 'queued' and series is not null;

-- The server looks for what a newer mail replaces, and how many wait for an address; never into a mail.
grant select (tenant_id, kind, state, recipient, series, urgent), update (state, finished_at, text_body, html_body)
    on outbox to kosmo_server;
grant select (series, urgent) on outbox to kosmo_operator;

-- When a worker last took mail of each union: the union that has waited longest is next. Codes and links have turns
-- of their own. It holds two rows a union.
create table mail_turns (
    tenant_id uuid not null references tenants,
    urgent boolean not null,
    served_at timestamptz not null,
    primary key (tenant_id, urgent)
);

alter table mail_turns enable row level security;
alter table mail_turns force row level security;
create policy own_tenant on mail_turns using (tenant_id = current_tenant());
create policy worker_delivers on mail_turns to kosmo_worker using (true);

grant select, insert, update on mail_turns to kosmo_worker;
