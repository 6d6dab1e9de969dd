-- The trail: who did what to whose data, when and from where. Append-only, for the server too, and kept for ever:
-- nothing sweeps it. What it may hold is said at audit::Line: no secret, no medical value, no name of a subscriber.
--
-- Partitions by month: lines come in at the end alone, and an old month rests, is vacuumed and frozen once, and can be
-- moved to slower disks, or shipped and compared, whole. Every page of it asks for a span of time.
create table audit_events (
    tenant_id uuid not null references tenants,
    at timestamptz not null,
    id uuid not null,
    -- Who acted, as they stood then.
    actor_kind text not null check (actor_kind in ('staff', 'subscriber', 'operator', 'system', 'job')),
    -- The login or the job. None for somebody at a web door who has not signed in, for operators and for the product.
    actor_id uuid,
    actor_label text,
    actor_roles text[] not null,
    -- Where the request came from.
    session_id uuid,
    remote_address text,
    user_agent text check (length(user_agent) <= 256),
    -- As logs and error pages name it.
    request_id uuid,
    -- What was done, to what.
    action text not null,
    target_kind text,
    target_id text,
    target_label text,
    -- Whose data it is: a login of the union, and the member where an act names one who may have no login. No foreign
    -- keys: a line outlives whom it tells of.
    subject_login uuid,
    subject_member text,
    -- Why.
    purpose text,
    case_no text,
    reason text,
    -- Which items a caller told rightly.
    caller_check jsonb,
    -- Field → before and after.
    changed jsonb,
    rows bigint check (rows >= 0),
    outcome text not null check (outcome in ('ok', 'refused', 'failed')),
    why text,
    approval_id uuid,
    batch_id uuid,
    -- Ids and counts that have no column of their own.
    detail jsonb not null,
    -- A key of a partitioned table holds its partition's column.
    primary key (tenant_id, at, id)
) partition by range (at);

-- A person's lines, the newest first (S9), and those about a member.
create index audit_events_by_subject on audit_events (tenant_id, subject_login, at)
    where subject_login is not null;
create index audit_events_by_member on audit_events (tenant_id, subject_member, at)
    where subject_member is not null;
-- What a staff member did. A subscriber's own lines are found as those about them.
create index audit_events_by_staff on audit_events (tenant_id, actor_id, at)
    where actor_kind = 'staff';

call protect_by_tenant('audit_events');

-- No line is without a place: this one takes those of months that have no partition of their own.
create table audit_events_open partition of audit_events default;
call protect_by_tenant('audit_events_open');

-- Gives each month from a day on a partition of its own. `kosmo migrate` calls it at every release for the year ahead,
-- since the owner of the tables alone may add one. A month of which lines lie in the open partition already stays
-- there, whole.
create procedure add_audit_months(since date, months int) language plpgsql as $$
declare
    month date;
    partition text;
begin
    for month in
        select date_trunc('month', since)::date + make_interval(months => n)
        from generate_series(0, months) as n
    loop
        partition := 'audit_events_' || to_char(month, 'YYYY_MM');
        continue when to_regclass(partition) is not null;
        begin
            execute format('create table %I partition of audit_events for values from (%L) to (%L)', partition,
                           month::timestamp at time zone 'UTC',
                           (month + interval '1 month')::timestamp at time zone 'UTC');
            -- Nobody has rights on a partition itself; should anybody get some, the guard is there.
            call protect_by_tenant(partition);
        exception when check_violation then
            raise notice 'the lines of % stay in the open partition', to_char(month, 'YYYY-MM');
        end;
    end loop;
end
$$;

grant select, insert on audit_events to kosmo_server, kosmo_operator;
grant insert on audit_events to kosmo_worker;
