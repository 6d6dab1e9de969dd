-- What staff change for their whole union: its terms of use and the settings that the operator opened to it.
--
-- Versions of both are public and read for all unions at once, so they had no row-level security. Now that a server may
-- add versions, a policy of each table lets it do so for the union of its transaction alone; reading stays open.

-- A version of the terms that staff still write. Anybody of the staff may read it; it is deleted by hand, and when it is
-- published. Few rows a union.
create table terms_drafts (
    tenant_id uuid not null references tenants,
    id uuid not null,
    -- Part of the key of staff.
    realm text not null generated always as ('staff') stored,
    effective_on date not null,
    body text not null check (length(body) between 1 and 50000),
    -- Who wrote it last, and when. A preview holds for the text of that moment.
    written_by uuid not null,
    written_at timestamptz not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, realm, written_by) references staff (tenant_id, realm, login_id)
);

call protect_by_tenant('terms_drafts');

grant select, insert, update (effective_on, body, written_by, written_at), delete on terms_drafts to kosmo_server;

-- Who agreed to a version, the newest first, page by page; and how many.
create index terms_agreements_by_version on terms_agreements (tenant_id, realm, terms_id, agreed_at, login_id);

alter table tenant_terms enable row level security;
alter table tenant_terms force row level security;
create policy everybody_reads on tenant_terms for select using (true);
create policy operators_publish on tenant_terms for insert to kosmo_operator with check (true);
create policy own_tenant_publishes on tenant_terms for insert to kosmo_server
    with check (tenant_id = current_tenant());

alter table tenant_policies enable row level security;
alter table tenant_policies force row level security;
create policy everybody_reads on tenant_policies for select using (true);
create policy operators_apply on tenant_policies for insert to kosmo_operator with check (true);
create policy own_tenant_changes on tenant_policies for insert to kosmo_server
    with check (tenant_id = current_tenant());

grant insert on tenant_terms, tenant_policies to kosmo_server;
