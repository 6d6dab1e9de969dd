-- The page on which staff see a person (A3) lists the mails to them, and what became of each. No table is new, and nothing
-- here is swept otherwise than before.

-- The mails to an address, the newest first. The worker deletes them after 90 days, so an address has few.
create index outbox_by_recipient on outbox (tenant_id, recipient, created_at);

-- The provider's words for why a mail was not sent. Neither the subject nor a body: codes and links stand there.
grant select (last_error) on outbox to kosmo_server;
