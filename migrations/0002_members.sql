-- Insured people, their households, and the numbers they go by.

-- One insured person and their dependents. The union's own code for the insured person names it for ever, while
-- symbol and number may change (seed 000 A11).
create table households (
    tenant_id uuid not null default current_tenant() references tenants,
    code text not null,
    insurer_number text not null,
    primary key (tenant_id, code)
);

-- 記号 and 番号 with the day they began to hold, because a first password may be made from those of
-- an earlier day (seed 000 A12).
create table household_numbers (
    tenant_id uuid not null default current_tenant(),
    household_code text not null,
    valid_from date not null,
    symbol text not null,
    number text not null,
    primary key (tenant_id, household_code, valid_from),
    foreign key (tenant_id, household_code) references households (tenant_id, code)
);

create table members (
    tenant_id uuid not null default current_tenant(),
    code text not null,
    household_code text not null,
    branch text not null,
    name text not null,
    kana text not null,
    birthdate date not null,
    relation text not null check (relation in ('insured', 'spouse', 'child', 'parent', 'other')),
    acquired_on date not null,
    lost_on date check (lost_on >= acquired_on),
    primary key (tenant_id, code),
    foreign key (tenant_id, household_code) references households (tenant_id, code)
);

create index members_by_household on members (tenant_id, household_code);

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
    primary key (tenant_id, id)
);

alter table households enable row level security;
alter table households force row level security;
create policy own_tenant on households using (tenant_id = current_tenant());
alter table household_numbers enable row level security;
alter table household_numbers force row level security;
create policy own_tenant on household_numbers using (tenant_id = current_tenant());
alter table members enable row level security;
alter table members force row level security;
create policy own_tenant on members using (tenant_id = current_tenant());
alter table import_batches enable row level security;
alter table import_batches force row level security;
create policy own_tenant on import_batches using (tenant_id = current_tenant());

grant select on households, household_numbers, members to kosmo_server;
grant select, insert, update on households, household_numbers, members to kosmo_operator;
grant select, insert on import_batches to kosmo_operator;
