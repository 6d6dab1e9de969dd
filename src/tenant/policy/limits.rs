//! The limits of single settings. A file is checked by them, and so is what staff type, whose page shows them.

/// The least and the greatest number that a setting may be.
const NUMBERS: [(&str, u16, u16); 12] = [
    ("sign_in.lock_after", 3, 100),
    ("sign_in.idle_minutes", 5, 24 * 60),
    ("sign_in.session_hours", 1, 72),
    ("sign_in.totp_window", 0, 2),
    ("sign_in.remember_days", 1, 365),
    ("after_loss.years", 0, 10),
    ("password.min_length", 8, 64),
    ("password.max_age_years", 1, 50),
    ("user_id.min_length", 3, 64),
    // Staff's passwords and sessions: never weaker than what the console itself promises.
    ("console.password_min_length", 12, 64),
    ("console.idle_minutes", 5, 60),
    ("console.session_hours", 1, 12),
];

/// The most characters of a text that people read.
const TEXTS: [(&str, usize); 6] = [
    ("contact.text", 500),
    ("contact.mail", 254),
    ("contact.phone", 40),
    ("contact.hours", 100),
    ("contact.subject", 100),
    ("contact.note", 1_000),
];

/// Returns the least and the greatest number that a setting may be, if it has limits of its own.
#[must_use]
pub fn numbers(path: &str) -> Option<(u16, u16)> {
    let found = NUMBERS.iter().find(|(setting, ..)| *setting == path);
    found.map(|(_, least, most)| (*least, *most))
}

/// Returns the most characters that a setting's text may have, if it has a limit.
#[must_use]
pub fn longest(path: &str) -> Option<usize> {
    TEXTS.iter().find(|(setting, _)| *setting == path).map(|(_, longest)| *longest)
}
