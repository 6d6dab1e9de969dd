-- The common tables of all kinds of record that a union keeps of a person: expenses now, others later.

-- Published notices. People see only the rows of published months, since a month may come in several files and is looked over
-- before it goes out. A month that is published again is another notice with an id of its own, which the mails that tell of
-- it refer to.
create table record_notices (
    tenant_id uuid not null default current_tenant() references tenants,
    kind text not null check (kind in ('expenses')),
    month date not null check (extract(day from month) = 1),
    id uuid not null,
    published_at timestamptz not null,
    published_by text not null,
    primary key (tenant_id, kind, month)
);

-- Members who keep their records of a kind from the rest of the household (E7). This is the person's own choice, so no import
-- changes it.
create table record_privacy (
    tenant_id uuid not null default current_tenant(),
    kind text not null check (kind in ('expenses')),
    member_code text not null,
    since timestamptz not null,
    primary key (tenant_id, kind, member_code),
    foreign key (tenant_id, member_code) references members (tenant_id, code)
);

call protect_by_tenant('record_notices', 'record_privacy');

grant select on record_notices, record_privacy to kosmo_server;
grant insert, delete on record_privacy to kosmo_server;
grant select on record_notices to kosmo_operator;
-- The worker publishes and withdraws. Publishing a month writes mails to the people who may read its rows.
grant select, insert, delete on record_notices to kosmo_worker;
grant select on record_privacy to kosmo_worker;
