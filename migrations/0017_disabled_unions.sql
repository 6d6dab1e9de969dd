-- A union can be taken out of service and brought back: a version of its policy says which, so that what
-- was so on a given day, by whom and why, can always be told. The release before this one knows of no such
-- versions and serves what it reads.
alter table tenant_policies add column enabled boolean not null default true;
