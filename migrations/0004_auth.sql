-- Logins, what proves who somebody is, and sessions.
--
-- Two realms sign in on a union's hosts: subscribers and staff. The realm stands in every key of what belongs to a
-- login, so that no look-up in one realm finds a row of the other.

-- What a person has done of the first sign-in stands as facts; which step is due follows from them (auth::journey)
-- and is stored nowhere.
create table logins (
    tenant_id uuid not null,
    realm text not null check (realm in ('subscriber', 'staff')),
    id uuid not null,
    -- Folded to lower case; 仮ユーザID until the person chose one.
    user_id text not null,
    -- The address the union knew, until the person confirmed one.
    email text,
    email_confirmed_at timestamptz,
    -- The address the union knew, where the person confirmed another in its place.
    former_email text,
    -- The person's own password; setting it ends the first credentials.
    password_hash text,
    password_set_at timestamptz,
    -- Wrong passwords in a row; each try is counted before it is checked (L2).
    password_failures smallint not null default 0,
    -- When the newest of these tries was counted.
    password_tried_at timestamptz,
    -- The first own password; later ones move password_set_at alone.
    registered_at timestamptz,
    -- Nobody signs in until staff unlock it.
    locked_at timestamptz,
    -- Strangers' wrong passwords lock strangers out, not the browsers that the person has signed in with.
    lock_spares_known_browsers boolean not null default false,
    second_factor text check (second_factor in ('passkey', 'totp', 'email_code')),
    -- Wrong second factors in a row, of any kind. They lock these alone, apart from the password's lock (L2).
    second_factor_failures smallint not null default 0,
    second_factor_locked_at timestamptz,
    -- When the person answered the offer of a passkey; it is not made again.
    passkey_offer_answered_at timestamptz,
    -- Over for good: for a subscriber, the time after losing eligibility has passed (T12).
    closed_at timestamptz,
    created_at timestamptz not null,
    primary key (tenant_id, realm, id),
    unique (tenant_id, realm, user_id),
    foreign key (tenant_id) references tenants,
    check ((password_hash is null) = (password_set_at is null)),
    check (password_hash is null or registered_at is not null)
);

-- An address that a person gave is theirs alone in their realm (F5), confirmed or, in the older way, registered with
-- (seed 004); one merely known to the union can be a family's.
create unique index logins_own_email on logins (tenant_id, realm, email)
    where email_confirmed_at is not null or registered_at is not null;
create index logins_email on logins (tenant_id, email) where email is not null;

-- What only subscribers have: whose login it is, and what the first sign-in asks for.
create table subscribers (
    tenant_id uuid not null,
    realm text not null generated always as ('subscriber') stored,
    login_id uuid not null,
    member_code text not null,
    user_id_chosen_at timestamptz,
    -- The first credentials: by formula (nothing is stored) or by letter (argon2id).
    initial_credential text check (initial_credential in ('formula', 'letter')),
    initial_password_hash text,
    -- A letter's password expires counted from here.
    initial_issued_at timestamptz,
    birthdate_confirmed_at timestamptz,
    -- Wrong birthdates in a row.
    birthdate_failures smallint not null default 0,
    primary key (tenant_id, login_id),
    unique (tenant_id, member_code),
    foreign key (tenant_id, realm, login_id) references logins (tenant_id, realm, id),
    foreign key (tenant_id, member_code) references members (tenant_id, code),
    check (initial_credential = 'letter' or initial_password_hash is null),
    check ((initial_credential is null) = (initial_issued_at is null))
);

-- A session begins with the right password. What it may see follows from second_factor_at and the
-- login (auth::journey), never from a stored step. The worker sweeps those that nobody has used for long.
create table sessions (
    tenant_id uuid not null,
    realm text not null,
    id uuid not null,
    login_id uuid not null,
    token_hash bytea not null,
    -- The token before the last change of privilege: a double click's second request still bears it.
    previous_token_hash bytea,
    -- When the newest token was handed out, and whether the browser has shown it since.
    token_at timestamptz not null default now(),
    token_shown boolean not null default false,
    -- Whether it came by rotation alone (L11), not with a proof.
    token_rotated boolean not null default false,
    -- The browser in which it began.
    browser_hash bytea,
    remote_address text,
    user_agent text,
    created_at timestamptz not null,
    last_seen_at timestamptz not null,
    -- ログイン状態の保存 (L11): the session lives until then, however long it rests.
    remember_until timestamptz,
    second_factor_at timestamptz,
    -- The person came back after a rest, and the union asks for the second factor again (L11).
    second_factor_lapsed_at timestamptz,
    -- The session in which the first own password was set: there methods may have to wait for the next
    -- sign-in (seed 003 1【11】).
    registered_at timestamptz,
    -- Proved anew who it is (S4): both factors, or a passkey alone.
    reauthenticated_at timestamptz,
    -- The password of a re-authentication that still owes its code.
    reauth_password_at timestamptz,
    -- Wrong passwords in a row while asked again.
    reauth_failures smallint not null default 0,
    -- The method to change to once it is set up (S2).
    wanted_second_factor text check (wanted_second_factor in ('passkey', 'totp', 'email_code')),
    ended_at timestamptz,
    primary key (tenant_id, realm, id),
    unique (tenant_id, realm, token_hash),
    foreign key (tenant_id, realm, login_id) references logins (tenant_id, realm, id)
);

create index sessions_by_previous_token on sessions (tenant_id, realm, previous_token_hash)
    where previous_token_hash is not null;
-- A person's own sessions, the newest first (S9).
create index sessions_by_login_and_time on sessions (tenant_id, realm, login_id, created_at);
create index sessions_by_last_use on sessions (tenant_id, last_seen_at);

-- Tokens that a session had before. One that comes back was copied. The worker sweeps those of sessions that are over.
create table retired_tokens (
    tenant_id uuid not null,
    realm text not null,
    token_hash bytea not null,
    session_id uuid not null,
    retired_at timestamptz not null,
    primary key (tenant_id, realm, token_hash),
    foreign key (tenant_id, realm, session_id) references sessions (tenant_id, realm, id)
);

create index retired_tokens_by_session on retired_tokens (tenant_id, realm, session_id);

-- Browsers in which a person's sign-in was complete; the cookie that names one is kept as a hash. The worker sweeps
-- those that nobody has signed in with for long.
create table known_browsers (
    tenant_id uuid not null,
    realm text not null,
    login_id uuid not null,
    token_hash bytea not null,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    -- Wrong passwords in a row that came from this browser; each is counted before it is checked (L2).
    failures smallint not null default 0,
    -- When the newest of these tries was counted.
    tried_at timestamptz,
    primary key (tenant_id, realm, login_id, token_hash),
    foreign key (tenant_id, realm, login_id) references logins (tenant_id, realm, id)
);

create index known_browsers_by_last_use on known_browsers (tenant_id, last_seen_at);

-- Codes by mail. A session has one at a time: another takes its place, and its failures stay. The worker sweeps those
-- that are over.
create table email_codes (
    tenant_id uuid not null,
    realm text not null,
    session_id uuid not null,
    -- The hash is keyed with the session's token, which the database does not know: without the key, six digits could
    -- be found by trying all of them.
    code_hash bytea not null,
    sent_at timestamptz not null,
    expires_at timestamptz not null,
    failures smallint not null default 0,
    used_at timestamptz,
    primary key (tenant_id, realm, session_id),
    foreign key (tenant_id, realm, session_id) references sessions (tenant_id, realm, id)
);

create index email_codes_by_time on email_codes (tenant_id, expires_at);

-- Devices that prove a second factor: authenticator apps ('totp') and passkeys. Two CHECKs say which columns each kind
-- has beside those of all. The person removes a device, or staff reset them all (R4); a person has ten of a kind at most.
create table devices (
    tenant_id uuid not null,
    realm text not null,
    id uuid not null,
    login_id uuid not null,
    kind text not null check (kind in ('totp', 'passkey')),
    name text not null,
    created_at timestamptz not null,
    last_used_at timestamptz,
    -- The secret that an app shares, sealed with the key that `key_id` names.
    secret bytea,
    key_id text,
    -- The newest 30 seconds of which an app's code was used: none of an earlier or the same counts (L4).
    last_step bigint,
    -- What browsers call a passkey, and its public key, signature counter and backup flags, as webauthn-rs keeps them.
    credential_id bytea,
    credential jsonb,
    primary key (tenant_id, realm, id),
    unique (tenant_id, realm, login_id, kind, name),
    unique (tenant_id, realm, credential_id),
    foreign key (tenant_id, realm, login_id) references logins (tenant_id, realm, id),
    check (num_nonnulls(secret, key_id, last_step) = case kind when 'totp' then 3 else 0 end),
    check (num_nonnulls(credential_id, credential) = case kind when 'passkey' then 2 else 0 end)
);

-- The secret that a set-up page shows, until the first code proves that an app has it. The worker sweeps secrets whose
-- set-up nobody has ended.
create table totp_enrolments (
    tenant_id uuid not null,
    realm text not null,
    session_id uuid not null,
    secret bytea not null,
    key_id text not null,
    begun_at timestamptz not null,
    primary key (tenant_id, realm, session_id),
    foreign key (tenant_id, realm, session_id) references sessions (tenant_id, realm, id)
);

create index totp_enrolments_by_time on totp_enrolments (tenant_id, begun_at);

-- Challenges that wait for a browser's answer. A session has one at a time, for one purpose and good for one answer. The
-- worker sweeps those that nobody has answered.
create table passkey_ceremonies (
    tenant_id uuid not null,
    realm text not null,
    session_id uuid not null,
    purpose text not null check (purpose in ('set_up', 'sign_in')),
    state jsonb not null,
    begun_at timestamptz not null,
    primary key (tenant_id, realm, session_id),
    foreign key (tenant_id, realm, session_id) references sessions (tenant_id, realm, id)
);

create index passkey_ceremonies_by_time on passkey_ceremonies (tenant_id, begun_at);

-- Challenges of the sign-in page that were answered, so that each has one answer. A new answer removes the rows whose
-- challenges are too old to be answered again.
create table passkey_answers (
    tenant_id uuid not null,
    realm text not null check (realm in ('subscriber', 'staff')),
    challenge_hash bytea not null,
    answered_at timestamptz not null,
    primary key (tenant_id, realm, challenge_hash)
);

create index passkey_answers_by_time on passkey_answers (tenant_id, realm, answered_at);

-- Recovery codes as hashes. A set has ten, each good for one use; a new set takes the place of the one before.
create table recovery_codes (
    tenant_id uuid not null,
    realm text not null,
    login_id uuid not null,
    code_hash bytea not null,
    -- The salt of the slow hash, one a set (ASVS 6.5.2). It is null in a set of the longer codes that were made
    -- before, whose hash is a plain one; such a set is good until its owner makes another.
    salt bytea check (length(salt) = 16),
    created_at timestamptz not null,
    used_at timestamptz,
    primary key (tenant_id, realm, login_id, code_hash),
    foreign key (tenant_id, realm, login_id) references logins (tenant_id, realm, id)
);

-- The newest link to confirm an address by; sending another makes this one unknown. One a login; the worker sweeps
-- those that confirm nothing any more.
create table email_confirmations (
    tenant_id uuid not null,
    realm text not null,
    login_id uuid not null,
    email text not null,
    token_hash bytea not null,
    sent_at timestamptz not null,
    expires_at timestamptz not null,
    confirmed_at timestamptz,
    -- Mails asked for in the hour that began then, to whichever address.
    hour_began_at timestamptz not null,
    asked_in_hour smallint not null,
    primary key (tenant_id, realm, login_id),
    unique (tenant_id, realm, token_hash),
    foreign key (tenant_id, realm, login_id) references logins (tenant_id, realm, id)
);

create index email_confirmations_by_time on email_confirmations (tenant_id, expires_at);

-- 個人情報入力画面 (seed 004): what was typed, until 「実行」. The worker sweeps what nobody has ended.
create table registration_drafts (
    tenant_id uuid not null,
    login_id uuid not null,
    user_id text not null,
    password_hash text not null,
    email text,
    expense_mail boolean not null,
    typed_at timestamptz not null,
    primary key (tenant_id, login_id),
    foreign key (tenant_id, login_id) references subscribers (tenant_id, login_id)
);

create index registration_drafts_by_time on registration_drafts (tenant_id, typed_at);

-- Letters that wait to be printed (T9): the worker makes the first credentials, and the operator's command writes them into
-- its file. A row lives only in between, so the people here hold no printed letter, whatever became of the command, and
-- the next issue makes a new letter for each of them. One letter a person.
create table letters (
    tenant_id uuid not null,
    id uuid not null,
    -- The issue that made it. An issue outlives its job, whose row is swept.
    issue_id uuid not null,
    member_code text not null,
    -- The 仮パスワード, sealed for this row with the key that `key_id` names. The worker takes both away after two weeks; the
    -- row stays, since the person still has no letter.
    password bytea,
    key_id text,
    issued_at timestamptz not null,
    primary key (tenant_id, id),
    unique (tenant_id, member_code),
    foreign key (tenant_id, member_code) references subscribers (tenant_id, member_code),
    check ((password is null) = (key_id is null))
);

create index letters_by_issue on letters (tenant_id, issue_id, member_code);
create index letters_by_time on letters (tenant_id, issued_at) where password is not null;

-- Who agreed to which version of the terms, when, and from where (F3).
create table terms_agreements (
    tenant_id uuid not null,
    realm text not null,
    login_id uuid not null,
    terms_id uuid not null,
    agreed_at timestamptz not null,
    remote_address text,
    user_agent text,
    primary key (tenant_id, realm, login_id, terms_id),
    foreign key (tenant_id, realm, login_id) references logins (tenant_id, realm, id)
);

-- The link of 「パスワードを忘れた方はこちら」 (R1): one a person, the newest, for one use. Every request leaves a row,
-- also for a user ID that nobody has, so that the time it takes tells nothing: hence no foreign key to logins. The
-- worker sweeps links that are over for a day.
create table password_resets (
    tenant_id uuid not null,
    realm text not null check (realm in ('subscriber', 'staff')),
    login_id uuid not null,
    token_hash bytea not null,
    sent_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (tenant_id, realm, login_id),
    unique (tenant_id, realm, token_hash)
);

create index password_resets_by_time on password_resets (tenant_id, expires_at);

-- Token buckets: so many tries at once, so many an hour, over all servers. The worker sweeps those that are full again,
-- since a full bucket is as good as none.
create table throttles (
    tenant_id uuid not null,
    realm text not null check (realm in ('subscriber', 'staff')),
    bucket text not null,
    -- Of the address, the user ID or the union: none of them stands here itself.
    key_hash bytea not null,
    -- When the bucket is full again if nobody takes anything, in microseconds since 1970: each token that is taken moves
    -- it later. It is a number, since Citus refuses an update that adds to a timestamptz.
    full_at bigint not null,
    primary key (tenant_id, realm, bucket, key_hash)
);

create index throttles_by_time on throttles (tenant_id, full_at);

-- Addresses where mail does not arrive, as Amazon SES tells through SNS. One an address that somebody of the union has.
create table email_failures (
    tenant_id uuid not null references tenants,
    -- As it stands in logins, of whichever realm.
    email text not null,
    kind text not null check (kind in ('bounce', 'complaint')),
    at timestamptz not null,
    -- The provider's own word for it; nothing of the mail or the person.
    detail text not null check (length(detail) <= 40),
    primary key (tenant_id, email)
);

call protect_by_tenant(
    'logins', 'subscribers', 'sessions', 'retired_tokens', 'known_browsers', 'email_codes', 'devices',
    'totp_enrolments', 'passkey_ceremonies', 'passkey_answers', 'recovery_codes', 'email_confirmations',
    'registration_drafts', 'letters', 'terms_agreements', 'password_resets', 'throttles', 'email_failures');

-- Never whose login it is, nor of which realm.
grant select, update (user_id, email, email_confirmed_at, former_email, second_factor, second_factor_failures,
              second_factor_locked_at, password_hash, password_set_at, password_failures, password_tried_at, registered_at,
              locked_at, lock_spares_known_browsers, passkey_offer_answered_at)
    on logins to kosmo_server;
grant select, update (user_id_chosen_at, birthdate_confirmed_at, birthdate_failures, initial_credential,
              initial_password_hash, initial_issued_at)
    on subscribers to kosmo_server;
grant select, insert, update on sessions, email_codes, email_confirmations to kosmo_server;
grant select, insert on retired_tokens, terms_agreements to kosmo_server;
grant select, insert, delete on passkey_answers to kosmo_server;
grant select, insert, update, delete on known_browsers, totp_enrolments, passkey_ceremonies, recovery_codes,
    registration_drafts, password_resets, throttles, email_failures to kosmo_server;
-- A device keeps its owner, its name and what it was set up with; using one changes the rest.
grant select, insert, delete, update (last_used_at, last_step, credential) on devices to kosmo_server;

-- An operator looks people up and unlocks them, and writes letters into a file; the worker makes them.
grant select, update (locked_at, lock_spares_known_browsers, password_failures, second_factor_failures,
              second_factor_locked_at)
    on logins to kosmo_operator;
grant select, update (birthdate_failures) on subscribers to kosmo_operator;
grant select, delete on letters to kosmo_operator;
grant select, update (ended_at) on sessions to kosmo_operator;
-- Staff reset the factors of a person who lost every device (R4), and links that were mailed end with them.
grant select (tenant_id, realm, login_id, expires_at, confirmed_at), update (expires_at) on email_confirmations
    to kosmo_operator;
grant select, delete on recovery_codes, password_resets to kosmo_operator;
grant select (tenant_id, realm, login_id, kind), delete on devices to kosmo_operator;
grant select (tenant_id, realm, login_id, failures), update (failures) on known_browsers to kosmo_operator;
grant select on email_failures to kosmo_operator;

-- The worker opens logins for the people of a members file and for those who get letters, closes those whose time after
-- losing eligibility is over (T12), tells people of a notice, and sweeps. It never reads a password's hash.
grant select (tenant_id, realm, id, user_id, email, email_confirmed_at, former_email, password_set_at, registered_at,
              closed_at), insert,
      update (email, email_confirmed_at, former_email, second_factor, closed_at)
    on logins to kosmo_worker;
grant select (tenant_id, realm, login_id, member_code, initial_credential), insert,
      update (initial_credential, initial_password_hash, initial_issued_at, birthdate_confirmed_at, user_id_chosen_at)
    on subscribers to kosmo_worker;
grant select, insert, delete, update (password, key_id) on letters to kosmo_worker;
-- Another letter ends what was begun with the one before.
grant select (tenant_id, realm, login_id), delete on terms_agreements to kosmo_worker;
grant select on email_failures to kosmo_worker;
grant select (tenant_id, realm, id, login_id, ended_at, last_seen_at, remember_until), update (ended_at), delete
    on sessions to kosmo_worker;
grant select, delete on throttles, retired_tokens to kosmo_worker;
grant select (tenant_id, realm, session_id, expires_at), delete on email_codes to kosmo_worker;
grant select (tenant_id, realm, session_id, begun_at), delete on totp_enrolments, passkey_ceremonies to kosmo_worker;
grant select (tenant_id, realm, login_id, expires_at, confirmed_at), delete on email_confirmations to kosmo_worker;
grant select (tenant_id, realm, login_id, expires_at), delete on password_resets to kosmo_worker;
grant select (tenant_id, login_id, typed_at), delete on registration_drafts to kosmo_worker;
grant select (tenant_id, realm, login_id, token_hash, last_seen_at), delete on known_browsers to kosmo_worker;
