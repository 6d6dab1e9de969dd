-- Gives shards the rights that roles have on single columns. Run it on the coordinator, as a superuser, after
-- distribute.sql and after every move of shards:
--
--   psql -v ON_ERROR_STOP=1 -f grants.sql kosmo
--
-- Citus passes on only rights on whole tables. The coordinator checks the rights on columns before it sends a
-- statement, but the machine that has the rows would still refuse it without this.

do $$
declare
    given record;
    refused text;
begin
    for given in
        select c.oid::regclass as owner, r.rolname as role, a.privilege_type as privilege,
               string_agg(quote_ident(t.attname), ', ' order by t.attnum) as columns
        from pg_dist_partition p
        join pg_class c on c.oid = p.logicalrelid
        join pg_attribute t on t.attrelid = c.oid
        cross join lateral aclexplode(t.attacl) a
        join pg_roles r on r.oid = a.grantee
        where p.partmethod = 'h'
        group by 1, 2, 3
    loop
        select min(result) into refused
        from run_command_on_placements(
            given.owner,
            format('grant %s (%s) on %%s to %I', given.privilege, given.columns, given.role))
        where not success;
        if refused is not null then
            raise exception '%: %', given.owner, refused;
        end if;
    end loop;
end
$$;
