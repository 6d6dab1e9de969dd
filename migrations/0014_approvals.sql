-- Four eyes: an act that one staff member asks for and another one lets be done; staff who are insured at their own
-- union; and the quarterly review of staff accounts.

-- A request waits for a day. Whatever becomes of it is written once, in the transaction of the act itself.
--
-- Swept by auth::staff::approval::housekeeping: requests that nobody answered expire, and every request is deleted 90
-- days after its end. The trail keeps what was done, and by whom.
create table approvals (
    tenant_id uuid not null references tenants,
    id uuid not null,
    -- Part of the keys of staff.
    realm text not null generated always as ('staff') stored,
    -- The name of the kind, which says what does it, and the kind's own parameters.
    kind text not null,
    parameters jsonb not null,
    -- The SHA-256 of kind, parameters and what the person who asked was shown. A request whose data has changed is void.
    preview_hash bytea not null check (length(preview_hash) = 32),
    -- The insured person whom it concerns, or the staff member.
    member_code text,
    staff_concerned uuid,
    requested_by uuid not null,
    requested_at timestamptz not null,
    reason text not null check (length(reason) between 1 and 500),
    expires_at timestamptz not null,
    state text not null default 'waiting'
        check (state in ('waiting', 'executed', 'refused', 'withdrawn', 'expired', 'void')),
    -- None beside decided_at: the time decided, or the product.
    decided_by uuid,
    decided_at timestamptz,
    -- The words of a refusal, or the code of the reason why it is void.
    answer text check (length(answer) <= 500),
    -- What the act returned, in its kind's form.
    result jsonb,
    primary key (tenant_id, id),
    foreign key (tenant_id, realm, requested_by) references staff (tenant_id, realm, login_id),
    foreign key (tenant_id, realm, decided_by) references staff (tenant_id, realm, login_id),
    foreign key (tenant_id, realm, staff_concerned) references staff (tenant_id, realm, login_id),
    check ((state = 'waiting') = (decided_at is null)),
    check (decided_by is distinct from requested_by or state = 'withdrawn')
);

-- A double click is one request.
create unique index approvals_waiting on approvals (tenant_id, requested_by, preview_hash)
    where state = 'waiting';
create index approvals_due on approvals (tenant_id, expires_at) where state = 'waiting';
create index approvals_over on approvals (tenant_id, decided_at) where state <> 'waiting';

-- The member that a staff member is, if they are insured at the union that they work for. They may not act on their own
-- household, nor alone on a colleague. It has no foreign key, since every key of a realm's table names the realm; no member
-- is ever deleted.
alter table staff add column member_code text;
create unique index staff_by_member on staff (tenant_id, member_code) where member_code is not null;

-- 棚卸し: a 管理者 has looked at a staff account in a quarter, which its first day names. Few rows a union and year; they
-- are kept, since which rights were confirmed when can always be told.
create table staff_reviews (
    tenant_id uuid not null,
    realm text not null default 'staff' check (realm = 'staff'),
    quarter date not null,
    login_id uuid not null,
    reviewed_by uuid not null,
    reviewed_at timestamptz not null,
    -- What was confirmed.
    roles text[] not null,
    extra_rights text[] not null,
    primary key (tenant_id, realm, quarter, login_id),
    foreign key (tenant_id, realm, login_id) references staff (tenant_id, realm, login_id),
    foreign key (tenant_id, realm, reviewed_by) references staff (tenant_id, realm, login_id)
);

call protect_by_tenant('approvals', 'staff_reviews');

-- Staff ask, answer and review at the console.
grant select, insert, update (state, decided_by, decided_at, answer, result) on approvals to kosmo_server;
grant select, insert on staff_reviews to kosmo_server;
-- 管理者 invite staff, change what they may do, and suspend them.
grant insert on logins to kosmo_server;
grant insert, update (roles, extra_rights, leaves_on, member_code, accepted_at, suspended_at, suspended_by)
    on staff to kosmo_server;
grant select, insert, update (email, token_hash, sent_at, expires_at), delete on staff_invitations to kosmo_server;
-- The worker ends requests that nobody answered, and suspends accounts that nobody has used for long.
grant select, update (state, decided_at), delete on approvals to kosmo_worker;
grant select, update (suspended_at, suspended_by) on staff to kosmo_worker;
grant select, delete on staff_invitations to kosmo_worker;
grant select (second_factor) on logins to kosmo_worker;
grant update (expires_at) on email_confirmations to kosmo_worker;
-- An operator's suspension names nobody of the union.
grant update (suspended_by) on staff to kosmo_operator;
