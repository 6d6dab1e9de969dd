-- Coming back: browsers that were seen before, tokens that were in use before, and passkeys that sign in
-- by themselves.

-- Browsers in which a person's sign-in was complete; the cookie that names one is kept as a hash.
create table known_browsers (
    tenant_id uuid not null default current_tenant(),
    account_id uuid not null,
    token_hash bytea not null,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    primary key (tenant_id, account_id, token_hash),
    foreign key (tenant_id, account_id) references accounts (tenant_id, id)
);

alter table sessions
    -- The browser in which it began.
    add column browser_hash bytea,
    -- When the newest token was handed out, and whether the browser has shown it since.
    add column token_at timestamptz not null default now(),
    add column token_shown boolean not null default false,
    -- Whether it came by rotation alone (L11), not with a proof.
    add column token_rotated boolean not null default false,
    -- The person came back after a rest, and the union asks for the second factor again (L11).
    add column second_factor_lapsed_at timestamptz;

-- Tokens that a session had before. One that comes back was copied.
create table retired_tokens (
    tenant_id uuid not null default current_tenant(),
    token_hash bytea not null,
    session_id uuid not null,
    retired_at timestamptz not null,
    primary key (tenant_id, token_hash),
    foreign key (tenant_id, session_id) references sessions (tenant_id, id)
);

-- Challenges of the sign-in page that were answered: each has one answer.
create table passkey_answers (
    tenant_id uuid not null default current_tenant(),
    challenge_hash bytea not null,
    answered_at timestamptz not null,
    primary key (tenant_id, challenge_hash)
);

-- The oldest of them are forgotten, since their challenges are dead anyway.
create index passkey_answers_by_time on passkey_answers (tenant_id, answered_at);

alter table known_browsers enable row level security;
alter table known_browsers force row level security;
create policy own_tenant on known_browsers using (tenant_id = current_tenant());
alter table retired_tokens enable row level security;
alter table retired_tokens force row level security;
create policy own_tenant on retired_tokens using (tenant_id = current_tenant());
alter table passkey_answers enable row level security;
alter table passkey_answers force row level security;
create policy own_tenant on passkey_answers using (tenant_id = current_tenant());

grant select, insert, update, delete on known_browsers to kosmo_server;
grant select, insert on retired_tokens to kosmo_server;
grant select, insert, delete on passkey_answers to kosmo_server;
