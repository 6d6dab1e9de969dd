-- Mail at the pace of its provider, given up by its age, and put back by an operator.

alter table outbox
    -- Where an answer goes: the union's own address.
    add column reply_to text,
    -- Since when it waits to go out: it was made, or an operator put it back. Its age counts from here.
    add column queued_at timestamptz not null default now(),
    -- All that an operator may know of the bodies.
    add column has_content boolean not null generated always as (text_body <> '') stored;

-- Codes and links go first: they expire, the rest can wait.
drop index outbox_due;
create index outbox_due on outbox ((expires_at is null), due_at) where state = 'queued';
create index outbox_expiring on outbox (expires_at)
    where state = 'queued' and expires_at is not null;
create index outbox_dead on outbox (tenant_id, id) where state = 'dead';
create index outbox_finished on outbox (finished_at) where state <> 'queued';

create trigger mail_queued_again after update of queued_at on outbox
    for each statement execute function notify_mail_queued();

-- How many mails a provider takes: a bucket of tokens each, over all workers. The platform's own.
create table mail_rates (
    provider text primary key,
    per_second integer not null check (per_second > 0),
    tokens numeric not null,
    refilled_at timestamptz not null
);

grant select, insert, update on mail_rates to kosmo_worker;
grant delete on outbox to kosmo_worker;

-- An operator looks after every union's mail, and puts back that of one at a time. The bodies, which
-- carry codes and links, stay out of sight.
create policy operator_looks_after on outbox for select to kosmo_operator using (true);
grant select (tenant_id, id, kind, recipient, state, created_at, queued_at, due_at, expires_at,
              attempts, last_error, finished_at, has_content)
    on outbox to kosmo_operator;
grant update (state, due_at, queued_at, finished_at) on outbox to kosmo_operator;
