-- Invitations of staff. A member of staff is invited by mail, and has no user ID, password or factor until they take the
-- invitation up. One a person, the newest: another one replaces the token, so an older link opens nothing. A row goes when
-- the invitation is taken up or its member of staff suspended. One that is past its time stays, and can be sent again.
create table staff_invitations (
    tenant_id uuid not null,
    realm text not null default 'staff' check (realm = 'staff'),
    login_id uuid not null,
    -- Where it was sent. It becomes the login's address when the invitation is taken up.
    email text not null,
    token_hash bytea not null,
    sent_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (tenant_id, realm, login_id),
    unique (tenant_id, realm, email),
    unique (tenant_id, realm, token_hash),
    foreign key (tenant_id, realm, login_id) references staff (tenant_id, realm, login_id)
);

call protect_by_tenant('staff_invitations');

-- An operator invites a union's first staff, and suspends staff when nobody of the union can. Another link takes the place of
-- one that has not left yet.
grant insert on logins to kosmo_operator;
grant select, insert, update (suspended_at) on staff to kosmo_operator;
grant select, insert, update (token_hash, sent_at, expires_at), delete on staff_invitations to kosmo_operator;
grant update (text_body, html_body) on outbox to kosmo_operator;
