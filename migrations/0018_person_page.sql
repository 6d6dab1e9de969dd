-- The page on which staff see a person (A3): what became of the mails to them, and how far their letter is. No table is new,
-- and nothing here is swept otherwise than before.

-- The mails to an address, the newest first. The worker deletes them after 90 days, so an address has few.
create index outbox_by_recipient on outbox (tenant_id, recipient, created_at);

-- Neither the subject nor a body: codes and links stand there.
grant select (id, created_at, finished_at, last_error) on outbox to kosmo_server;
-- Never the sealed password of a letter, only whether it is still there, which its key's name tells.
grant select (tenant_id, member_code, issued_at, key_id) on letters to kosmo_server;
