-- Work that outlasts a request. A row is written in the transaction that asks for the work, and a worker takes it from
-- there: one worker at a time, again after a failure or a worker's death, given up after some attempts.
--
-- Swept by jobs::sweep: done after two days, cancelled or given up after 90.
create table jobs (
    tenant_id uuid not null references tenants,
    id uuid not null,
    -- The name of the kind that can run it, and what that kind needs to know.
    kind text not null,
    payload jsonb not null,
    -- While a job waits or runs, its union has no other of its kind with the same key.
    key text,
    -- The actor that asked for it (`db::actor::Actor`): the trail names them for what the job does.
    asked_by jsonb not null,
    state text not null default 'queued' check (state in ('queued', 'running', 'done', 'cancelled', 'failed')),
    created_at timestamptz not null,
    -- Not before this; while a worker holds the job, the end of its lease.
    due_at timestamptz not null,
    -- The hold of the worker that has it. Each claim is a hold of its own, so that a worker that lost the job to
    -- another one can't write to it any more.
    held_by uuid,
    attempts smallint not null default 0,
    -- How far it has come, in units of its kind, and what it is at, in a word of its kind.
    progress_done bigint not null default 0,
    progress_of bigint,
    progress_step text,
    cancel_asked_at timestamptz,
    last_error text,
    -- What it came to, as its kind tells it to those who asked.
    output jsonb,
    finished_at timestamptz,
    primary key (tenant_id, id),
    check ((state = 'running') = (held_by is not null)),
    check ((state in ('queued', 'running')) = (finished_at is null))
);

create unique index jobs_key on jobs (tenant_id, kind, key) where state in ('queued', 'running');
create index jobs_due on jobs (tenant_id, due_at) where state in ('queued', 'running');
create index jobs_finished on jobs (tenant_id, finished_at) where state not in ('queued', 'running');

call protect_by_tenant('jobs');

-- When a worker last took work of each union from a queue: the union that has waited longest is next. The platform's
-- own, since whose turn it is is asked over all unions; nothing of a person stands in it. Kept for ever, because there
-- is a row a union and queue.
create table queue_turns (
    queue text not null,
    tenant_id uuid not null references tenants,
    served_at timestamptz not null,
    primary key (queue, tenant_id)
);

-- Whoever asks for work watches it and may cancel it; what becomes of it is the worker's to say.
grant select, insert (tenant_id, id, kind, payload, key, asked_by, created_at, due_at), update (cancel_asked_at)
    on jobs to kosmo_server, kosmo_operator;
grant select, insert, update, delete on jobs to kosmo_worker;
grant select, insert, update on queue_turns to kosmo_worker;
