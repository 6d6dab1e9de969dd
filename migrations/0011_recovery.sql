-- Wrong passwords in a row, limits on tries, and ways back in.

-- Wrong passwords in a row; each try is counted before it is checked (L2).
alter table accounts add column password_failures smallint not null default 0;
grant update (password_failures) on accounts to kosmo_server, kosmo_operator;

-- Over for good: the time after losing eligibility has passed (T12).
alter table accounts add column closed_at timestamptz;

-- Token buckets: so many tries at once, so many an hour, over all servers.
create table throttles (
    tenant_id uuid not null default current_tenant(),
    bucket text not null,
    -- Of the address, the user ID or the union: none of them stands here itself.
    key_hash bytea not null,
    tokens double precision not null,
    -- Whether the last who asked got one.
    taken boolean not null,
    updated_at timestamptz not null,
    primary key (tenant_id, bucket, key_hash)
);

-- A full bucket is as good as none.
create index throttles_by_time on throttles (tenant_id, updated_at);

-- The link of 「パスワードを忘れた方はこちら」 (R1): one a person, the newest, for one use.
create table password_resets (
    tenant_id uuid not null default current_tenant(),
    account_id uuid not null,
    token_hash bytea not null,
    sent_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (tenant_id, account_id),
    unique (tenant_id, token_hash),
    foreign key (tenant_id, account_id) references accounts (tenant_id, id)
);

alter table throttles enable row level security;
alter table throttles force row level security;
create policy own_tenant on throttles using (tenant_id = current_tenant());
alter table password_resets enable row level security;
alter table password_resets force row level security;
create policy own_tenant on password_resets using (tenant_id = current_tenant());

grant select, insert, update, delete on throttles, password_resets to kosmo_server;
-- Staff reset who lost every device (R4).
grant select, delete on totp_devices, passkeys, recovery_codes to kosmo_operator;
grant select, delete on password_resets to kosmo_operator;
grant update on email_confirmations to kosmo_operator;
grant insert on outbox to kosmo_operator;
