-- Files that a union hands over: those that were taken in, and the rows of those on their way.
--
-- A file is staged first: read, checked row by row, and kept in these tables. Then it is merged: a set at a time and in
-- one transaction, by this process or another on any machine. A file that is staged is whole, since it is staged in one
-- transaction, too; a process that is killed while it reads leaves nothing.

-- Files taken in: what was read, by whom, and what it came to.
create table import_batches (
    tenant_id uuid not null default current_tenant() references tenants,
    id uuid not null,
    kind text not null check (kind in ('members', 'expenses')),
    file_name text not null,
    file_sha256 bytea not null,
    added bigint not null,
    changed bigint not null,
    unchanged bigint not null,
    imported_at timestamptz not null,
    imported_by text not null,
    -- How it was read: for which month, by which columns. With its content, that is how a file is known again.
    reading text,
    primary key (tenant_id, id)
);

create index import_batches_by_content on import_batches (tenant_id, file_sha256);

-- Staged files and their rows. A merge takes a file's rows away in its own transaction, and so does the command that
-- gives a file up. What a killed process leaves is swept by the worker after a day (`import::staged::sweep`).
--
-- All are unlogged, so that rows cost no WAL: a crash of the database empties them all at once, the files with their
-- rows, and the file is taken in anew.
create unlogged table staged_files (
    tenant_id uuid not null,
    -- The batch that it becomes.
    id uuid not null,
    kind text not null check (kind in ('members', 'expenses')),
    file_name text not null,
    file_sha256 bytea not null,
    reading text not null,
    -- The headings that the file has in place of the documented ones, by the names of their columns.
    headings jsonb not null,
    -- The day that a members file describes.
    as_of date,
    -- The month in whose notice the claims of a UKE file go.
    notice_month date,
    staged_at timestamptz not null,
    check ((kind = 'members') = (as_of is not null)),
    primary key (tenant_id, id)
);

-- A members file's columns go by the layout's names (`members::layout::MemberColumn`).
create unlogged table staged_members (
    tenant_id uuid not null,
    import_id uuid not null,
    -- The line of the file.
    row bigint not null,
    person_code text not null,
    household_code text not null,
    insurer_number text not null,
    symbol text not null,
    number text not null,
    branch text not null,
    name text not null,
    kana text not null,
    birthdate date not null,
    relation text not null,
    acquired_on date not null,
    lost_on date,
    user_id text,
    email text,
    -- The login that the person gets, if there is a user ID and no login yet.
    login_id uuid not null,
    -- Whether the file has a first password, which is kept as its hash alone; a dry run makes none.
    by_letter boolean not null,
    initial_password_hash text,
    primary key (tenant_id, import_id, row)
) with (autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 2147483647);

create index staged_members_by_code on staged_members (tenant_id, import_id, person_code);

-- An expenses file's columns go by the layout's names (`expenses::import::layout::ExpenseColumn`). Of a row that cancels
-- another, nothing but its number is read.
create unlogged table staged_expenses (
    tenant_id uuid not null,
    import_id uuid not null,
    row bigint not null,
    claim_number text not null,
    person_code text,
    notice_month date,
    treatment_month date,
    institution text,
    care text,
    days smallint,
    total bigint,
    insurer_paid bigint,
    public_paid bigint,
    out_of_pocket bigint,
    remarks text,
    correction text check (correction in ('new', 'replace', 'cancel')),
    computed boolean not null,
    -- The family that the claim stays with, where that is not the person's of today. Set by the merge.
    household_code text,
    -- What the row does to the ledger's row of its claim, if there is one. Set by the merge.
    outcome text check (outcome in ('same', 'corrected', 'cancelled')),
    primary key (tenant_id, import_id, row)
) with (autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 2147483647);

-- Claims of a UKE file, whose people are looked up by the merge.
create unlogged table staged_claims (
    tenant_id uuid not null,
    import_id uuid not null,
    row bigint not null,
    claim_number text not null,
    treatment_month date not null,
    institution text not null,
    care text not null,
    patient text not null,
    birthdate date not null,
    branch text,
    days smallint not null,
    total bigint not null,
    insurer_paid bigint not null,
    public_paid bigint not null,
    out_of_pocket bigint not null,
    computed boolean not null,
    -- All three are missing where only public payers pay: nobody is insured then.
    insurer_number text,
    symbol text,
    number text,
    -- The one person that the claim points at, or else how far the search came. Set by the merge.
    person_code text,
    reason text,
    primary key (tenant_id, import_id, row)
) with (autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 2147483647);

-- How many of a table's rows are one import's can't be known from statistics of imports that are gone. So these are made
-- once, here, from rows that have an import each, and never again: the planner takes each import for the whole
-- table, and hashes the registry rather than look a million people up one by one. Where the statistics are
-- lost (a restored dump has none) it does look them up, which takes longer and is right as well.
alter table staged_members alter tenant_id set (n_distinct = 1), alter import_id set (n_distinct = 1);
alter table staged_expenses alter tenant_id set (n_distinct = 1), alter import_id set (n_distinct = 1);
alter table staged_claims alter tenant_id set (n_distinct = 1), alter import_id set (n_distinct = 1);

insert into staged_members
select gen_random_uuid(), gen_random_uuid(), n, 'code ' || n, 'code ' || n / 2, '01234567', 'symbol',
       (n / 2)::text, '00', 'name ' || n, 'kana ' || n, '1980-01-01',
       case when n % 2 = 0 then 'insured' else 'child' end, '2020-01-01', null, null, null,
       gen_random_uuid(), false, null
from generate_series(1, 1000) n;
insert into staged_expenses
select gen_random_uuid(), gen_random_uuid(), n, 'claim ' || n, 'code ' || n, '2020-03-01', '2020-01-01',
       'institution ' || n % 100, 'outpatient', 1, 1000, 700, 0, 300, '', null, false, null, null
from generate_series(1, 1000) n;
insert into staged_claims
select gen_random_uuid(), gen_random_uuid(), n, 'claim ' || n, '2020-01-01', 'institution ' || n % 100,
       'outpatient', 'name ' || n, '1980-01-01', '00', 1, 1000, 700, 0, 300, false, '01234567', 'symbol',
       n::text, null, null
from generate_series(1, 1000) n;
analyze staged_members, staged_expenses, staged_claims;
truncate staged_members, staged_expenses, staged_claims;

call protect_by_tenant('import_batches', 'staged_files', 'staged_members', 'staged_expenses', 'staged_claims');

-- An operator's command stages a file, looks for the claims in it that find nobody, and gives it up; the worker merges it,
-- and sweeps.
grant select on import_batches to kosmo_operator;
grant select, insert, update, delete on staged_files, staged_members, staged_expenses, staged_claims to kosmo_operator;
grant select, insert on import_batches to kosmo_worker;
grant select, insert, update, delete on staged_files, staged_members, staged_expenses, staged_claims to kosmo_worker;
