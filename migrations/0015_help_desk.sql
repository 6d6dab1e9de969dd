-- What staff do for a person: an account is held, factors are reset, a caller is checked, a letter is ordered. The mail of
-- such an act has a link by which the person says that it was none of theirs.
--
-- Every row that is there satisfies the new check, since its columns are new; so nothing reads them all to make sure.

alter table logins
    -- Nobody signs in until staff release it: staff held it, or the person said that an act was none of theirs.
    add column held_at timestamptz,
    add column held_cause text,
    -- Staff reset the factors, and the person has not set up another one since. Before that, a code by mail has to show
    -- that the person still reads the address that was known.
    add column factors_reset_at timestamptz;
alter table logins add constraint logins_held
    check ((held_at is null) = (held_cause is null) and held_cause in ('staff', 'not_me')) not valid;

-- Those that the console's first page lists. There are few.
create index logins_held_by_time on logins (tenant_id, held_at) where held_at is not null;

alter table sessions
    -- The mailed code that a reset asks for was right.
    add column address_proved_at timestamptz;

-- What a caller on the telephone answered: only whether each item was right, never the words. The third failure within a
-- day closes the telephone for the person. The trail keeps the results; these rows are swept after 30 days.
create table caller_checks (
    tenant_id uuid not null,
    id uuid not null,
    member_code text not null,
    -- The login of the member of staff who asked.
    staff_id uuid not null,
    at timestamptz not null,
    name boolean not null,
    symbol boolean not null,
    number boolean not null,
    birthdate boolean not null,
    -- The further item that was asked for.
    further text not null check (further in ('branch', 'acquired_on', 'family_birthdate')),
    further_matched boolean not null,
    passed boolean not null generated always as (name and symbol and number and birthdate and further_matched) stored,
    primary key (tenant_id, id),
    foreign key (tenant_id, member_code) references members (tenant_id, code)
);

create index caller_checks_by_member on caller_checks (tenant_id, member_code, at);
create index caller_checks_by_time on caller_checks (tenant_id, at);

-- The links 「心当たりがない」: one an act of staff, for seven days. Swept once they are over for a day.
create table not_me_links (
    tenant_id uuid not null,
    realm text not null generated always as ('subscriber') stored,
    token_hash bytea not null,
    login_id uuid not null,
    -- The name of the act on the trail.
    act text not null,
    sent_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    primary key (tenant_id, token_hash),
    foreign key (tenant_id, realm, login_id) references logins (tenant_id, realm, id)
);

create index not_me_links_by_time on not_me_links (tenant_id, expires_at);

call protect_by_tenant('caller_checks', 'not_me_links');

grant update (held_at, held_cause, factors_reset_at) on logins to kosmo_server;
grant select, insert on caller_checks to kosmo_server;
grant select, insert, update (used_at) on not_me_links to kosmo_server;
grant select (tenant_id, at, id), delete on caller_checks to kosmo_worker;
grant select (tenant_id, expires_at, token_hash), delete on not_me_links to kosmo_worker;

-- Staff see a mail's fate, and may have a notice that was given up sent again. They never see a body.
grant select (id, created_at, queued_at, finished_at, has_content), update (due_at, queued_at) on outbox to kosmo_server;

-- Staff see that a letter waits to be printed, never the password in it.
grant select (tenant_id, member_code, issued_at, key_id) on letters to kosmo_server;

-- The server may ask for one kind of job, a letter that staff ordered, and in nobody's name but theirs. What becomes of
-- it, only the worker writes.
grant insert, select (tenant_id, id, kind, key, state, created_at) on jobs to kosmo_server;
create policy server_orders_letters on jobs as restrictive for insert to kosmo_server
    with check (kind = 'letters.issue' and asked_by->>'kind' = 'staff');
