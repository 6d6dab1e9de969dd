-- Authenticator apps and passkeys.

create table totp_devices (
    tenant_id uuid not null default current_tenant(),
    id uuid not null,
    account_id uuid not null,
    name text not null,
    -- The shared secret, sealed with the key that `key_id` names.
    secret bytea not null,
    key_id text not null,
    -- The newest 30 seconds of which a code was used: none of an earlier or the same counts (L4).
    last_step bigint not null,
    created_at timestamptz not null,
    last_used_at timestamptz,
    primary key (tenant_id, id),
    unique (tenant_id, account_id, name),
    foreign key (tenant_id, account_id) references accounts (tenant_id, id)
);

-- The secret that a set-up page shows, until its first code proves that an app has it.
create table totp_enrolments (
    tenant_id uuid not null default current_tenant(),
    session_id uuid not null,
    secret bytea not null,
    key_id text not null,
    begun_at timestamptz not null,
    primary key (tenant_id, session_id),
    foreign key (tenant_id, session_id) references sessions (tenant_id, id)
);

create table passkeys (
    tenant_id uuid not null default current_tenant(),
    id uuid not null,
    account_id uuid not null,
    name text not null,
    credential_id bytea not null,
    -- Public key, signature counter and backup flags, as webauthn-rs keeps them.
    credential jsonb not null,
    created_at timestamptz not null,
    last_used_at timestamptz,
    primary key (tenant_id, id),
    unique (tenant_id, credential_id),
    unique (tenant_id, account_id, name),
    foreign key (tenant_id, account_id) references accounts (tenant_id, id)
);

-- A challenge that a browser is answering: one a session, for one purpose, good for one answer.
create table passkey_ceremonies (
    tenant_id uuid not null default current_tenant(),
    session_id uuid not null,
    purpose text not null check (purpose in ('set_up', 'sign_in')),
    state jsonb not null,
    begun_at timestamptz not null,
    primary key (tenant_id, session_id),
    foreign key (tenant_id, session_id) references sessions (tenant_id, id)
);

alter table totp_devices enable row level security;
alter table totp_devices force row level security;
create policy own_tenant on totp_devices using (tenant_id = current_tenant());
alter table totp_enrolments enable row level security;
alter table totp_enrolments force row level security;
create policy own_tenant on totp_enrolments using (tenant_id = current_tenant());
alter table passkeys enable row level security;
alter table passkeys force row level security;
create policy own_tenant on passkeys using (tenant_id = current_tenant());
alter table passkey_ceremonies enable row level security;
alter table passkey_ceremonies force row level security;
create policy own_tenant on passkey_ceremonies using (tenant_id = current_tenant());

grant select, insert, update on totp_devices, passkeys to kosmo_server;
grant select, insert, update, delete on totp_enrolments, passkey_ceremonies to kosmo_server;
