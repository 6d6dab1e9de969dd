-- What staff find a person by, normalised: a search is `=` or a range on one index of its own.
--
-- LIKE is not leakproof, so under row-level security it uses no index and reads every member of the union; nor are
-- arrays, jsonb and text search. `=`, `>=` and `<` are. In the order of "C", the texts that begin with a prefix are one
-- range, which also a plan made without knowing the prefix can use; for `^@` it would have to be known.
--
-- One row a member with a column a kind, not a row a kind: an import of members writes a quarter of the rows and half
-- of the index entries, and checks one foreign key instead of four.
--
-- The keys follow from members and household_numbers (members::keys). An import writes those that it changes, in its
-- own transaction. The worker fills in those of members who were there before, and of a file that a worker of the
-- release before still imports, which a migration could not do. Until then a search finds too few people, and nobody
-- wrong.
--
-- They stay as long as their member; nothing sweeps them.
create table member_keys (
    tenant_id uuid not null,
    member_code text not null,
    -- 記号-番号 of the household.
    number text collate "C" not null,
    kana text collate "C" not null,
    name text collate "C" not null,
    birthdate date not null,
    primary key (tenant_id, member_code),
    foreign key (tenant_id, member_code) references members (tenant_id, code)
);

create index member_keys_by_number on member_keys (tenant_id, number);
create index member_keys_by_kana on member_keys (tenant_id, kana, member_code);
create index member_keys_by_name on member_keys (tenant_id, name, member_code);
create index member_keys_by_birthdate on member_keys (tenant_id, birthdate);

call protect_by_tenant('member_keys');

-- Staff search.
grant select on member_keys to kosmo_server;
-- The worker imports members.
grant select, insert, update on member_keys to kosmo_worker;
