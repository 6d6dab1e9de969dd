-- Work that outlasts a request. A job is written in the transaction that asks for it, and a worker runs it: one worker
-- at a time, again after a failure or a worker's death, and given up after some attempts.
--
-- Swept by jobs::sweep: done after two days, cancelled or given up after 90.
create table jobs (
    tenant_id uuid not null references tenants,
    id uuid not null,
    -- The name of the kind, which says what runs it, and the kind's own data.
    kind text not null,
    payload jsonb not null,
    -- While a job waits or runs, its union can have no other job of the same kind and key.
    key text,
    -- The actor that asked for it (`db::actor::Actor`). The audit lines of the job name it.
    asked_by jsonb not null,
    state text not null default 'queued' check (state in ('queued', 'running', 'done', 'cancelled', 'failed')),
    created_at timestamptz not null,
    -- Not run before this time. While a worker holds the job, this is the end of its lease.
    due_at timestamptz not null,
    -- The hold of the worker that runs it. Each claim makes a new hold, so a worker that lost the job to another
    -- can no longer write to it.
    held_by uuid,
    attempts smallint not null default 0,
    -- How far the job is, in units of its kind, and its present step, in a word of its kind.
    progress_done bigint not null default 0,
    progress_of bigint,
    progress_step text,
    cancel_asked_at timestamptz,
    last_error text,
    -- The job's result, in its kind's form, for the process that asked for it.
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

-- When a worker last took work of each union from a queue; the union that has waited longest is next. The platform's
-- own table, because turns are decided over all unions; it holds no personal data. It is kept for ever, with one row
-- for each union and queue.
create table queue_turns (
    queue text not null,
    tenant_id uuid not null references tenants,
    served_at timestamptz not null,
    primary key (queue, tenant_id)
);

-- An operator's command asks for a job, watches it and may cancel it. Only the worker writes what becomes of it. The server
-- asks for none, and so can't have anything done in an operator's name.
grant select, insert, update (cancel_asked_at) on jobs to kosmo_operator;
grant select, insert, update, delete on jobs to kosmo_worker;
grant select, insert, update on queue_turns to kosmo_worker;
