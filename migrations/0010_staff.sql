-- A union's staff: what each of their logins may do at the console. Few rows a union, and none goes: the trail names
-- them for ever.
create table staff (
    tenant_id uuid not null references tenants,
    -- Part of the key of the login: no row can stand beside a subscriber's.
    realm text not null default 'staff' check (realm = 'staff'),
    login_id uuid not null,
    -- As colleagues and the trail call them.
    name text not null check (name <> ''),
    roles text[] not null
        check (cardinality(roles) > 0 and roles <@ array['viewer', 'editor', 'admin', 'auditor']),
    extra_rights text[] not null default '{}'
        check (extra_rights <@ array['medical', 'print', 'import', 'approve']),
    invited_at timestamptz not null,
    -- The login of the colleague who invited; none for the first, whom the operator invites.
    invited_by uuid,
    -- None: the invitation has not been taken up.
    accepted_at timestamptz,
    suspended_at timestamptz,
    -- None beside suspended_at: the product did, since the login was long unused.
    suspended_by uuid,
    -- The last day in office.
    leaves_on date,
    -- 監査 is nothing else.
    constraint staff_auditor_stands_alone
        check (not 'auditor' = any(roles) or (cardinality(roles) = 1 and cardinality(extra_rights) = 0)),
    primary key (tenant_id, realm, login_id),
    foreign key (tenant_id, realm, login_id) references logins (tenant_id, realm, id)
);

call protect_by_tenant('staff');

-- Who may is read with each act.
grant select on staff to kosmo_server;
