-- The roles of every database of a cluster. Run by `kosmo migrate` before the migrations, as often
-- as you like. None can log in: a process logs in as its own user, who is a member of one of them,
-- and takes the role on when it connects.
do $$
declare
    name text;
begin
    foreach name in array array['kosmo_owner', 'kosmo_server', 'kosmo_worker', 'kosmo_operator'] loop
        if not exists (select from pg_roles where rolname = name) then
            begin
                execute format('create role %I nologin nosuperuser nobypassrls', name);
                -- Whoever makes the roles may take them on, from the first migration.
                execute format('grant %I to current_user', name);
            exception when duplicate_object or unique_violation then
                null; -- another migration made it a moment ago
            end;
        end if;
    end loop;
    execute 'grant create, usage on schema public to kosmo_owner';
    execute 'grant usage on schema public to kosmo_server, kosmo_worker, kosmo_operator';
end
$$;
