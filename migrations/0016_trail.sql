-- The trail: how it is read, sealed, and watched.
--
-- Reading. Staff read the trail by person, by staff member, by action, or by refusals, the newest first, a page after
-- another by (at, id). Each of these ways walks an index of its own, so any page is as fast as the first. These add the
-- two that are missing. Building them takes a few seconds per million lines, for which those who write lines wait.
--
-- Sealing. Each minute the worker seals the lines of each union that are new: a seal holds a hash of every line that it
-- covers, and the hash of the seal before it. Who changes, deletes or inserts a line afterwards has to make every later
-- seal anew; and `kosmo audit ship` takes seals to where this database's superuser can't.
--
-- A seal must cover a set of lines that can't grow any more. Neither `at` nor `id` gives one, since a long transaction
-- commits lines that are older than those of others that were sealed meanwhile, and a clock may be set back. So each line
-- carries the number of the transaction that wrote it. Once every transaction below a number has ended
-- (pg_snapshot_xmin), no more lines can appear below it: the lines between the last seal and there are complete. Seals
-- are made in the order (written_in, at, id), and each covers all lines after the last line of the seal before, up to its
-- own. Whatever is found there later that its seal doesn't list was inserted. No one who writes a line locks anything
-- or waits for it; a transaction that runs for an hour, anywhere in the cluster, delays sealing for an hour.
--
-- The number must never run backwards. It doesn't through a crash, a failover or pg_upgrade. A database that is restored
-- from a dump into a new cluster needs `pg_resetwal --epoch` on that cluster, before its first start, with an epoch
-- above the old one's; the worker refuses to seal where this was left out.
--
-- Two workers that seal at once make the same next seal, and its primary key lets one in.
--
-- Lines from before this migration have the number 0, and are sealed first.
--
-- Seals are kept as long as the trail: for ever. Nothing sweeps them. If a union's lines are one day deleted after their
-- six years, the seals stay, and `kosmo audit verify` counts such lines without finding fault.
alter table audit_events add column written_in bigint not null default 0;
alter table audit_events alter column written_in set default pg_current_xact_id()::text::bigint;

create index audit_events_by_writing on audit_events (tenant_id, written_in, at, id);
create index audit_events_by_action on audit_events (tenant_id, action, at, id);
create index audit_events_not_ok on audit_events (tenant_id, at, id) where outcome <> 'ok';

create table audit_seals (
    tenant_id uuid not null references tenants,
    -- Counts from 1 without a gap.
    no bigint not null check (no > 0),
    -- The way in which lines are hashed: how a line becomes bytes may change, but never for seals that exist.
    encoding smallint not null,
    first_id uuid not null,
    last_written_in bigint not null,
    last_at timestamptz not null,
    last_id uuid not null,
    count integer not null check (count > 0),
    -- For each line in order: written_in, at in microseconds since 1970 (8 bytes each), id (16), SHA-256 of the line (32).
    lines bytea not null check (length(lines) = 64 * count),
    prev_hash bytea not null check (length(prev_hash) = 32),
    hash bytea not null check (length(hash) = 32),
    sealed_at timestamptz not null,
    primary key (tenant_id, no)
);
-- Hashes don't compress.
alter table audit_seals alter column lines set storage external;

-- Watching. What the worker finds strange in the lines that it seals is a task for 監査 and 管理者, who put their name
-- under it. A staff member has one alert of a kind a day, or an hour, however often it happens.
--
-- Swept by the audit room: alerts are deleted after 13 months, as long as lines are shown. The trail keeps who put
-- their name under which.
create table audit_alerts (
    tenant_id uuid not null references tenants,
    id uuid not null,
    kind text not null check (kind in ('many_people', 'off_hours', 'number_sequence', 'own_household')),
    -- The staff member who acted, with the name of that time.
    actor_id uuid not null,
    actor_label text,
    -- The day or hour that the alert stands for.
    period timestamptz not null,
    -- When it happened, and how many people it was.
    at timestamptz not null,
    people integer,
    seen_at timestamptz,
    seen_by uuid,
    seen_name text,
    primary key (tenant_id, id),
    unique (tenant_id, kind, actor_id, period),
    check ((seen_at is null) = (seen_by is null))
);
create index audit_alerts_by_time on audit_alerts (tenant_id, at);

-- Taking away. A part of the trail with more than a few lines is taken away only after a second staff member has let it,
-- once, by the one who asked, within a day. The file itself is kept nowhere.
--
-- Swept by the audit room: a row goes a day after its end.
create table audit_exports (
    tenant_id uuid not null references tenants,
    id uuid not null,
    approval_id uuid not null,
    staff_id uuid not null,
    -- Which lines, as the console's address has it.
    filters jsonb not null,
    expires_at timestamptz not null,
    taken_at timestamptz,
    primary key (tenant_id, id)
);
create index audit_exports_by_end on audit_exports (tenant_id, expires_at);

call protect_by_tenant('audit_seals', 'audit_alerts', 'audit_exports');

-- The worker seals and watches. Nobody may change a seal.
grant select on audit_events to kosmo_worker;
grant select, insert on audit_seals to kosmo_worker;
grant select on audit_seals to kosmo_operator;
grant select, insert, delete on audit_alerts to kosmo_worker;
-- Staff read alerts, and put their name under them.
grant select, update (seen_at, seen_by, seen_name) on audit_alerts to kosmo_server;
grant select, insert, update (taken_at) on audit_exports to kosmo_server;
grant select, delete on audit_exports to kosmo_worker;
