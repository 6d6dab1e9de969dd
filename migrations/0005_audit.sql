-- The trail: who did what to whose data, when and from where. It is append-only, even for the server, and kept for
-- ever: nothing sweeps it. audit::Line says what it may hold: no secret, no medical value, no subscriber's name.
--
-- It is partitioned by month. Lines are only added to the newest partition; an old one is vacuumed and frozen once,
-- and can be moved to slower disks, or archived and verified, as a whole. Every page that reads the trail asks for a
-- span of time.
create table audit_events (
    tenant_id uuid not null references tenants,
    at timestamptz not null,
    id uuid not null,
    -- The actor, as it was at that time.
    actor_kind text not null check (actor_kind in ('staff', 'subscriber', 'operator', 'system', 'job')),
    -- The login or the job. Null for a person who has not signed in, for operators and for the product itself.
    actor_id uuid,
    actor_label text,
    actor_roles text[] not null,
    -- The origin of the request.
    session_id uuid,
    remote_address text,
    user_agent text check (length(user_agent) <= 256),
    -- The id in logs and on error pages.
    request_id uuid,
    -- The action, and what it was done to.
    action text not null,
    target_kind text,
    target_id text,
    target_label text,
    -- The person whose data it is: a login of the union, or the member if an act names one who may have no login.
    -- There are no foreign keys, because a line outlives the person.
    subject_login uuid,
    subject_member text,
    -- The reason.
    purpose text,
    case_no text,
    reason text,
    -- Which items a caller on the telephone answered correctly.
    caller_check jsonb,
    -- Field → its value before and after.
    changed jsonb,
    rows bigint check (rows >= 0),
    outcome text not null check (outcome in ('ok', 'refused', 'failed')),
    why text,
    approval_id uuid,
    batch_id uuid,
    -- Ids and counts that have no column of their own.
    detail jsonb not null,
    -- The primary key of a partitioned table must contain the partition column.
    primary key (tenant_id, at, id)
) partition by range (at);

-- A person's lines, newest first (S9), and the lines about a member.
create index audit_events_by_subject on audit_events (tenant_id, subject_login, at)
    where subject_login is not null;
create index audit_events_by_member on audit_events (tenant_id, subject_member, at)
    where subject_member is not null;
-- A staff member's acts. A subscriber's own acts are found by subject.
create index audit_events_by_staff on audit_events (tenant_id, actor_id, at)
    where actor_kind = 'staff';

call protect_by_tenant('audit_events');

-- The default partition, for lines of months without a partition of their own.
create table audit_events_open partition of audit_events default;
call protect_by_tenant('audit_events_open');

-- Gives a partition to each month from a given day on. `kosmo migrate` calls it for the year ahead, since only the
-- owner of the tables may add partitions. If lines of a month are in the default partition already, the whole month
-- stays there.
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
            -- No role has rights on a partition itself. If one ever gets some, row-level security
            -- still holds.
            call protect_by_tenant(partition);
        exception when check_violation then
            raise notice 'the lines of % stay in the open partition', to_char(month, 'YYYY-MM');
        end;
    end loop;
end
$$;

grant select, insert on audit_events to kosmo_server, kosmo_operator;
grant insert on audit_events to kosmo_worker;
