-- Insured people, their households, and the numbers on their cards.

-- One insured person with their dependents. The key is the union's own code of the insured person, which never
-- changes; symbol and number may (seed 000 A11).
create table households (
    tenant_id uuid not null default current_tenant() references tenants,
    code text not null,
    insurer_number text not null,
    primary key (tenant_id, code)
);

-- 記号 and 番号 with the first day on which they are valid, because a first password may be made
-- from the numbers of an earlier day (seed 000 A12).
create table household_numbers (
    tenant_id uuid not null default current_tenant(),
    household_code text not null,
    valid_from date not null,
    symbol text not null,
    number text not null,
    primary key (tenant_id, household_code, valid_from),
    foreign key (tenant_id, household_code) references households (tenant_id, code)
);

-- A claim identifies a household by these numbers only.
create index household_numbers_by_number on household_numbers (tenant_id, symbol, number);

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

-- Households that a person has left. Records that a family was shown stay with that family, under its code; this
-- list is how the person still finds their own among them. Few people ever move, so this table stays small, which
-- an index by person over all records would not.
create table former_households (
    tenant_id uuid not null default current_tenant(),
    member_code text not null,
    household_code text not null,
    primary key (tenant_id, member_code, household_code),
    foreign key (tenant_id, member_code) references members (tenant_id, code),
    foreign key (tenant_id, household_code) references households (tenant_id, code)
);

create index former_households_by_household on former_households (tenant_id, household_code);

call protect_by_tenant('households', 'household_numbers', 'members', 'former_households');

grant select on households, household_numbers, members, former_households to kosmo_server;
-- An operator looks people up.
grant select on households, household_numbers, members to kosmo_operator;
-- The worker merges the union's files, and locks the rows of people who get letters.
grant select, insert, update on households, household_numbers, members to kosmo_worker;
grant select, insert on former_households to kosmo_worker;
