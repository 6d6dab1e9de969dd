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

-- A claim knows a household by its numbers alone.
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

-- Households that a person has left. What a family was told of a person stays the family's, under its code; by this
-- list the person finds their own among it. Few people ever move, so it stays small where an index by person over
-- all that is kept of everybody would not.
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
-- An operator looks people up, and locks those whom letters are for.
grant select on households, household_numbers, members to kosmo_operator;
grant update (code) on members to kosmo_operator;
-- The worker merges the union's files.
grant select, insert, update on households, household_numbers, members to kosmo_worker;
grant select, insert on former_households to kosmo_worker;
