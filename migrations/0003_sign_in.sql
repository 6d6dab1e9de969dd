-- Accounts, sessions and mailed codes.

create table accounts (
    tenant_id uuid not null default current_tenant(),
    id uuid not null,
    member_code text not null,
    -- Folded to lower case; 仮ユーザID until the person chose one.
    user_id text not null,
    -- The address the union knew, until the person confirmed one.
    email text,
    email_confirmed_at timestamptz,
    -- The first credentials: by formula (nothing is stored) or by letter (argon2id).
    initial_credential text check (initial_credential in ('formula', 'letter')),
    initial_password_hash text,
    -- The person's own password; setting it ends the initial one.
    password_hash text,
    password_set_at timestamptz,
    created_at timestamptz not null,
    primary key (tenant_id, id),
    unique (tenant_id, user_id),
    unique (tenant_id, member_code),
    foreign key (tenant_id, member_code) references members (tenant_id, code),
    check ((password_hash is null) = (password_set_at is null)),
    check (initial_credential = 'letter' or initial_password_hash is null)
);

-- An address confirmed by one person can't be another's (F5); one merely known can (families share).
create unique index accounts_confirmed_email on accounts (tenant_id, email)
    where email_confirmed_at is not null;

-- A session begins with the right password. What it may see follows from second_factor_at and the
-- account (auth::journey), never from a stored step.
create table sessions (
    tenant_id uuid not null default current_tenant(),
    id uuid not null,
    account_id uuid not null,
    token_hash bytea not null,
    -- The token before the last change of privilege: a double click's second request still bears it.
    previous_token_hash bytea,
    created_at timestamptz not null,
    last_seen_at timestamptz not null,
    second_factor_at timestamptz,
    ended_at timestamptz,
    primary key (tenant_id, id),
    unique (tenant_id, token_hash),
    foreign key (tenant_id, account_id) references accounts (tenant_id, id)
);

create index sessions_by_previous_token on sessions (tenant_id, previous_token_hash)
    where previous_token_hash is not null;
create index sessions_by_account on sessions (tenant_id, account_id);

-- One living code a session: sending again replaces it, its failures stay.
create table email_codes (
    tenant_id uuid not null default current_tenant(),
    session_id uuid not null,
    -- Keyed with the session's token, which the database does not know: six digits alone would be
    -- found by trying.
    code_hash bytea not null,
    sent_at timestamptz not null,
    expires_at timestamptz not null,
    failures smallint not null default 0,
    used_at timestamptz,
    primary key (tenant_id, session_id),
    foreign key (tenant_id, session_id) references sessions (tenant_id, id)
);

-- The trail: append-only, for the server too.
create table audit_events (
    tenant_id uuid not null default current_tenant() references tenants,
    id uuid not null,
    at timestamptz not null,
    action text not null,
    account_id uuid,
    detail jsonb not null,
    primary key (tenant_id, id)
);

alter table accounts enable row level security;
alter table accounts force row level security;
create policy own_tenant on accounts using (tenant_id = current_tenant());
alter table sessions enable row level security;
alter table sessions force row level security;
create policy own_tenant on sessions using (tenant_id = current_tenant());
alter table email_codes enable row level security;
alter table email_codes force row level security;
create policy own_tenant on email_codes using (tenant_id = current_tenant());
alter table audit_events enable row level security;
alter table audit_events force row level security;
create policy own_tenant on audit_events using (tenant_id = current_tenant());

grant select on accounts to kosmo_server;
grant select, insert, update on accounts to kosmo_operator;
grant select, insert, update on sessions, email_codes to kosmo_server;
grant select, insert on audit_events to kosmo_server, kosmo_operator;
