-- The lists on the first page of the console: people who are locked out, and letters whose password ends soon. Few rows
-- are in them, and nothing new is kept.
create index logins_locked_by_time on logins (tenant_id, realm, (coalesce(locked_at, second_factor_locked_at)), id)
    where locked_at is not null or second_factor_locked_at is not null;
create index subscribers_letters_by_time on subscribers (tenant_id, initial_issued_at, login_id)
    where initial_credential = 'letter';
create index jobs_failed on jobs (tenant_id, finished_at) where state = 'failed';

-- Staff see that a file could not be taken in, and when; never what stood in it.
grant select (tenant_id, id, kind, state, finished_at) on jobs to kosmo_server;
