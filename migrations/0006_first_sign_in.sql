-- The first sign-in. What a person has done of it stands as facts; which step is due follows from
-- them (auth::journey) and is stored nowhere.

alter table accounts
    -- A letter's password expires counted from here.
    add column initial_issued_at timestamptz,
    add column birthdate_confirmed_at timestamptz,
    -- Wrong birthdates in a row.
    add column birthdate_failures smallint not null default 0,
    -- Wrong codes of an authenticator app in a row.
    add column second_factor_failures smallint not null default 0,
    add column user_id_chosen_at timestamptz,
    add column second_factor text check (second_factor in ('passkey', 'totp', 'email_code')),
    -- The address the union knew, where the person confirmed another in its place.
    add column former_email text,
    -- The first own password; later ones move password_set_at alone.
    add column registered_at timestamptz,
    -- Nobody signs in until staff unlock it.
    add column locked_at timestamptz;

-- The session in which the first own password was set: there methods may have to wait for the next
-- sign-in (seed 003 1【11】).
alter table sessions
    add column registered_at timestamptz,
    -- ログイン状態の保存 (L11): the session lives until then, however long it rests.
    add column remember_until timestamptz;

-- Row-level security binds the owner, too, who knows no tenant here.
alter table accounts no force row level security;
update accounts set registered_at = password_set_at;
update accounts set initial_issued_at = created_at where initial_credential is not null;
alter table accounts force row level security;

alter table accounts
    add check (password_hash is null or registered_at is not null),
    add check ((initial_credential is null) = (initial_issued_at is null));

-- An address that a person gave is theirs alone (F5), confirmed or, in the older way, registered with
-- (seed 004); one merely known to the union can be a family's.
drop index accounts_confirmed_email;
create unique index accounts_own_email on accounts (tenant_id, email)
    where email_confirmed_at is not null or registered_at is not null;

-- The newest link to confirm an address by; sending another makes this one unknown.
create table email_confirmations (
    tenant_id uuid not null default current_tenant(),
    account_id uuid not null,
    email text not null,
    token_hash bytea not null,
    sent_at timestamptz not null,
    expires_at timestamptz not null,
    confirmed_at timestamptz,
    -- Mails asked for in the hour that began then, to whichever address.
    hour_began_at timestamptz not null,
    asked_in_hour smallint not null,
    primary key (tenant_id, account_id),
    unique (tenant_id, token_hash),
    foreign key (tenant_id, account_id) references accounts (tenant_id, id)
);

-- 個人情報入力画面 (seed 004): what was typed, until 「実行」.
create table registration_drafts (
    tenant_id uuid not null default current_tenant(),
    account_id uuid not null,
    user_id text not null,
    password_hash text not null,
    email text,
    expense_mail boolean not null,
    typed_at timestamptz not null,
    primary key (tenant_id, account_id),
    foreign key (tenant_id, account_id) references accounts (tenant_id, id)
);

-- Which notices a person wants by mail; no row: the union's default.
create table mail_preferences (
    tenant_id uuid not null default current_tenant(),
    account_id uuid not null,
    kind text not null check (kind in ('expenses')),
    wanted boolean not null,
    primary key (tenant_id, account_id, kind),
    foreign key (tenant_id, account_id) references accounts (tenant_id, id)
);

alter table email_confirmations enable row level security;
alter table email_confirmations force row level security;
create policy own_tenant on email_confirmations using (tenant_id = current_tenant());
alter table registration_drafts enable row level security;
alter table registration_drafts force row level security;
create policy own_tenant on registration_drafts using (tenant_id = current_tenant());
alter table mail_preferences enable row level security;
alter table mail_preferences force row level security;
create policy own_tenant on mail_preferences using (tenant_id = current_tenant());

-- Never whose account it is.
grant update (user_id, user_id_chosen_at, email, email_confirmed_at, former_email,
              birthdate_confirmed_at, birthdate_failures, second_factor, second_factor_failures,
              password_hash, password_set_at, registered_at, initial_credential,
              initial_password_hash, initial_issued_at, locked_at)
    on accounts to kosmo_server;
grant select, insert, update on email_confirmations, mail_preferences to kosmo_server;
grant select, insert, update, delete on registration_drafts to kosmo_server;
-- Another letter ends what was begun with the one before.
grant select, update (ended_at) on sessions to kosmo_operator;
grant select, delete on email_confirmations, registration_drafts to kosmo_operator;
