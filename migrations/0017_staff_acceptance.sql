-- An invited person takes the invitation up at the console: the server marks that, and deletes the invitation. Nothing new
-- is kept.
grant update (accepted_at) on staff to kosmo_server;
grant select, delete on staff_invitations to kosmo_server;
