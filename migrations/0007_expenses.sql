-- The ledger of medical expenses has a row for each person, institution and month of treatment (seed 001 4-1). It is made for
-- a hundred million rows: 500,000 people and ten years.
--
-- It is partitioned by the year of the notice. Rows come in month by month and hardly change afterwards. So an import touches
-- only the disk pages of its own year, which stay in memory however long the history is; a past year is vacuumed and frozen
-- once, and an old year can be detached whole. With partitions by household or by union, each import would write into disk
-- pages all over ten years. A household's web pages read one partition (a month, a year) or a few rows of each (the history).
--
-- One key serves all web pages: a household's rows by the month of their notice. It includes the columns that sums need, so
-- that ten years of a family are summed up from the index alone, without reading four hundred scattered rows.
--
-- A key of a partitioned table has to contain the partition's column, so it can't keep claim numbers unique. A narrow table of
-- its own does, and says where a claim's row stands: a correction finds the row by one look-up, in whichever year it is.
-- Unions number their claims upwards, so its index grows at one end.
create table expense_claims (
    tenant_id uuid not null default current_tenant(),
    claim_number text not null,
    household_code text not null,
    notice_month date not null,
    primary key (tenant_id, claim_number)
);

create table expenses (
    tenant_id uuid not null default current_tenant(),
    -- The family that had the expense. It stays theirs when the person moves to another family.
    household_code text not null,
    -- Months are kept as their first day.
    notice_month date not null check (extract(day from notice_month) = 1),
    claim_number text not null,
    member_code text not null,
    treatment_month date not null check (extract(day from treatment_month) = 1),
    -- Empty if the data names no institution (seed 000 Q14).
    institution text not null,
    care text not null,
    days smallint not null check (days >= 0),
    total_yen bigint not null check (total_yen >= 0),
    insurer_yen bigint not null check (insurer_yen >= 0),
    public_yen bigint not null check (public_yen >= 0),
    out_of_pocket_yen bigint not null check (out_of_pocket_yen >= 0),
    -- True if out_of_pocket_yen was computed from points, since the claim did not state it.
    computed boolean not null default false,
    remarks text not null,
    -- The file that brought the row, in import_batches. The row, its batch and its claim are written in one transaction, so
    -- foreign keys would only cost two look-ups for each row.
    batch_id uuid not null,
    constraint expenses_care_check
        check (care in ('inpatient', 'outpatient', 'dental', 'pharmacy', 'home_nursing',
                        'judo_therapy', 'acupuncture', 'massage', 'appliance')),
    primary key (tenant_id, household_code, notice_month, claim_number)
        include (member_code, treatment_month, out_of_pocket_yen),
    foreign key (tenant_id, member_code) references members (tenant_id, code)
) partition by range (notice_month);

-- The rows of a month of all households: publishing reads them to find the people to tell, and a withdrawal deletes them. Rows
-- of a month come in together, so the index grows at one end and stores each key once.
create index expenses_by_month on expenses (tenant_id, notice_month);

-- The first and the last partition are open, so that every notice has a place. `kosmo migrate` splits further years off the
-- last one before they begin (records/partitions.rs).
do $$
declare
    year int;
    partition text;
    starts text;
begin
    for year in 2017..2032 loop
        partition := format('expenses_%s', year);
        starts := case year when 2017 then 'minvalue' else quote_literal(format('%s-01-01', year)) end;
        execute format('create table %I partition of expenses for values from (%s) to (%L)',
                       partition, starts, format('%s-01-01', year + 1));
        -- No role has rights on a partition itself. Should one get any, row-level security holds there, too.
        call protect_by_tenant(partition);
    end loop;
    create table expenses_later partition of expenses for values from ('2033-01-01') to (maxvalue);
    call protect_by_tenant('expenses_later');
end
$$;

-- The sums of a union's months, which change in the same transaction as the months' rows, so that a list of months doesn't add
-- up ten years. A month without rows has no row here. A household's sums are not stored, since its ten years are added up
-- from the index in about a millisecond.
create table expense_months (
    tenant_id uuid not null default current_tenant() references tenants,
    notice_month date not null check (extract(day from notice_month) = 1),
    rows bigint not null,
    total_yen bigint not null,
    out_of_pocket_yen bigint not null,
    primary key (tenant_id, notice_month)
);

-- Rows as they were before a correction, a cancellation, or the withdrawal of their notice. Append-only.
create table expense_history (
    tenant_id uuid not null default current_tenant(),
    claim_number text not null,
    -- The import or the withdrawal that ended it.
    ended_by uuid not null,
    ended_at timestamptz not null,
    reason text not null check (reason in ('corrected', 'cancelled', 'withdrawn')),
    household_code text not null,
    notice_month date not null,
    member_code text not null,
    treatment_month date not null,
    institution text not null,
    care text not null,
    days smallint not null,
    total_yen bigint not null,
    insurer_yen bigint not null,
    public_yen bigint not null,
    out_of_pocket_yen bigint not null,
    computed boolean not null,
    remarks text not null,
    batch_id uuid not null,
    primary key (tenant_id, claim_number, ended_by)
);

-- Withdrawals of whole months. A file that was imported before a withdrawal may be imported again after it.
create table expense_withdrawals (
    tenant_id uuid not null default current_tenant() references tenants,
    id uuid not null,
    month date not null check (extract(day from month) = 1),
    rows bigint not null,
    withdrawn_at timestamptz not null,
    withdrawn_by text not null,
    primary key (tenant_id, id)
);

call protect_by_tenant('expense_claims', 'expenses', 'expense_months', 'expense_history',
                       'expense_withdrawals');

grant select on expenses to kosmo_server;
-- Files are merged, and months withdrawn, by the worker.
grant select, insert, delete on expenses, expense_claims, expense_months to kosmo_worker;
grant update on expense_claims, expense_months to kosmo_worker;
grant select, insert on expense_history, expense_withdrawals to kosmo_worker;
-- An operator lists months, and stages a file: if some of its rows are wrong, corrections of nothing are told along.
grant select on expense_claims, expense_months to kosmo_operator;
