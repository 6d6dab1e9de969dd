-- Passkeys are offered once, and recovery codes are short enough to be written down.

alter table accounts
    -- When the person answered the offer of a passkey; it is not made again.
    add column passkey_offer_answered_at timestamptz;

grant update (passkey_offer_answered_at) on accounts to kosmo_server;

alter table recovery_codes
    -- What the codes of a set were hashed with, slowly (ASVS 6.5.2). Null: a set of the longer codes that
    -- were made before, whose hash is a plain one; such a set lasts until its owner makes another.
    add column salt bytea check (length(salt) = 16);
