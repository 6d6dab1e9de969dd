-- What changing settings needs: proving again who one is, and knowing one's sessions.

alter table sessions
    -- Proved anew who it is (S4): both factors, or a passkey alone.
    add column reauthenticated_at timestamptz,
    -- The password of a re-authentication that still owes its code.
    add column reauth_password_at timestamptz,
    -- Wrong passwords in a row while asked again.
    add column reauth_failures smallint not null default 0,
    add column remote_address text,
    add column user_agent text;

alter table sessions
    -- The method to change to once it is set up (S2).
    add column wanted_second_factor text
        check (wanted_second_factor in ('passkey', 'totp', 'email_code'));

grant delete on totp_devices, passkeys to kosmo_server;

-- Wrong second factors lock these alone, apart from the password's lock (L2).
alter table accounts add column second_factor_locked_at timestamptz;
grant update (second_factor_locked_at) on accounts to kosmo_server;

-- A person's own sessions and recent sign-ins, the newest first (S9).
create index sessions_by_account_and_time on sessions (tenant_id, account_id, created_at);
drop index sessions_by_account;
create index audit_events_by_account on audit_events (tenant_id, account_id, at)
    where account_id is not null;

-- Recovery codes: ten a set, one use each, hashed; another set replaces all of it.
create table recovery_codes (
    tenant_id uuid not null default current_tenant(),
    account_id uuid not null,
    code_hash bytea not null,
    created_at timestamptz not null,
    used_at timestamptz,
    primary key (tenant_id, account_id, code_hash),
    foreign key (tenant_id, account_id) references accounts (tenant_id, id)
);

alter table recovery_codes enable row level security;
alter table recovery_codes force row level security;
create policy own_tenant on recovery_codes using (tenant_id = current_tenant());

grant select, insert, update, delete on recovery_codes to kosmo_server;
