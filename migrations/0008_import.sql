-- Files that a union hands over: imports that are done, and rows of imports in progress.
--
-- A file is first staged: read, checked row by row, and stored in these tables. Then it is merged, by sets and in one
-- transaction, by this process or by another on any machine. Staging is one transaction too, so a staged file is
-- complete: a process that is killed while reading leaves nothing.

-- Imports that are done: the file, the operator, and the result.
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
    -- How the file was read: for which month, with which columns. Together with the content, it identifies a
    -- file that comes again.
    reading text,
    primary key (tenant_id, id)
);

create index import_batches_by_content on import_batches (tenant_id, file_sha256);

-- Staged files and their rows. The merge deletes a file's rows in its own transaction, and so does a command that
-- gives the import up. The worker sweeps what a killed process leaves, after a day (`import::staged::sweep`).
--
-- All are unlogged, so that rows cost no WAL. A crash of the database empties them all together, and the file is
-- imported again.
create unlogged table staged_files (
    tenant_id uuid not null,
    -- The id of the batch that it becomes.
    id uuid not null,
    kind text not null check (kind in ('members', 'expenses')),
    file_name text not null,
    file_sha256 bytea not null,
    reading text not null,
    -- The file's own headings where they differ from the documented ones, by column.
    headings jsonb not null,
    -- The day that a members file describes.
    as_of date,
    -- The month of notice for the claims of a UKE file.
    notice_month date,
    staged_at timestamptz not null,
    check ((kind = 'members') = (as_of is not null)),
    primary key (tenant_id, id)
);

-- Columns have the names of the layout (`members::layout::MemberColumn`).
create unlogged table staged_members (
    tenant_id uuid not null,
    import_id uuid not null,
    -- The line in the file.
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
    -- The login to create, if there is a user ID and no login yet.
    login_id uuid not null,
    -- True if the file has a first password. Only its hash is kept, and a dry run doesn't even hash
    -- it.
    by_letter boolean not null,
    initial_password_hash text,
    primary key (tenant_id, import_id, row)
) with (autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 2147483647);

create index staged_members_by_code on staged_members (tenant_id, import_id, person_code);

-- Columns have the names of the layout (`expenses::import::layout::ExpenseColumn`). Of a row that cancels another, only
-- the number is read.
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
    -- The household that keeps the claim, if it isn't the person's present one. Set by the merge.
    household_code text,
    -- Where the ledger's row of the same claim stands, if there is one, and what becomes of it. Set by the merge.
    former_household_code text,
    former_notice_month date,
    outcome text check (outcome in ('same', 'left', 'corrected', 'cancelled')),
    primary key (tenant_id, import_id, row)
) with (autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 2147483647);

-- Claims of a UKE file. The merge finds out whose they are.
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
    -- Null if only public payers pay: there is no insured person then.
    insurer_number text,
    symbol text,
    number text,
    -- The one person that the claim identifies, or how far the search got. Set by the merge.
    person_code text,
    reason text,
    primary key (tenant_id, import_id, row)
) with (autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 2147483647);

-- The planner can't learn from statistics how many rows of a table belong to one import, since the imports that it saw
-- are gone. So statistics are made once, here, from rows that each have an import of their own, and never again: the
-- planner then expects every import to be the whole table, and hashes the registry instead of looking a million people
-- up one by one. Without statistics (a restored dump has none) it does look them up, which is slower but still correct.
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
       'institution ' || n % 100, 'outpatient', 1, 1000, 700, 0, 300, '', null, false, null, null, null, null
from generate_series(1, 1000) n;
insert into staged_claims
select gen_random_uuid(), gen_random_uuid(), n, 'claim ' || n, '2020-01-01', 'institution ' || n % 100,
       'outpatient', 'name ' || n, '1980-01-01', '00', 1, 1000, 700, 0, 300, false, '01234567', 'symbol',
       n::text, null, null
from generate_series(1, 1000) n;
analyze staged_members, staged_expenses, staged_claims;
truncate staged_members, staged_expenses, staged_claims;

call protect_by_tenant('import_batches', 'staged_files', 'staged_members', 'staged_expenses', 'staged_claims');

-- An operator's command stages a file, lists its claims that match no person, and may give the file up. The worker merges
-- it, and sweeps.
grant select on import_batches to kosmo_operator;
grant select, insert, update, delete on staged_files, staged_members, staged_expenses, staged_claims to kosmo_operator;
grant select, insert on import_batches to kosmo_worker;
grant select, insert, update, delete on staged_files, staged_members, staged_expenses, staged_claims to kosmo_worker;
