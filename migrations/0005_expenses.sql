-- Medical expenses: one row a person, institution and treatment month (seed 001 4-1).
--
-- The union's own number of the row leads the key, so that a file taken in twice finds its rows. Pages ask for a
-- household's rows by the months of their notices; one index serves that.
create table expenses (
    tenant_id uuid not null default current_tenant(),
    claim_number text not null,
    member_code text not null,
    -- The family that had the expense: it stays theirs when the person leaves for another.
    household_code text not null,
    -- Months are kept as their first day.
    notice_month date not null check (extract(day from notice_month) = 1),
    treatment_month date not null check (extract(day from treatment_month) = 1),
    -- Empty where the data has none (seed 000 Q14).
    institution text not null,
    care text not null
        check (care in ('inpatient', 'outpatient', 'dental', 'pharmacy', 'home_nursing', 'judo_therapy')),
    days smallint not null check (days >= 0),
    total_yen bigint not null check (total_yen >= 0),
    insurer_yen bigint not null check (insurer_yen >= 0),
    public_yen bigint not null check (public_yen >= 0),
    out_of_pocket_yen bigint not null check (out_of_pocket_yen >= 0),
    remarks text not null,
    -- The file that brought the row as it is now, in import_batches. Written in one transaction with
    -- its batch; a foreign key would only cost a look-up a row.
    batch_id uuid not null,
    primary key (tenant_id, claim_number),
    foreign key (tenant_id, member_code) references members (tenant_id, code)
);

create index expenses_by_notice on expenses (tenant_id, household_code, notice_month);

alter table expenses enable row level security;
alter table expenses force row level security;
create policy own_tenant on expenses using (tenant_id = current_tenant());

grant select on expenses to kosmo_server;
grant select, insert, update on expenses to kosmo_operator;
