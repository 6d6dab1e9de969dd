//! Settings beyond their own limits ([`limits`]), and what can't be opened to a union.

use super::problem::Problem;
use crate::tenant::policy::{TenantConfig, limits, opened};

/// Returns what is beyond its limits.
pub(super) fn beyond(config: &TenantConfig) -> Vec<Problem> {
    let mut found = Vec::new();
    numbers(config, &mut found);
    texts(config, &mut found);
    open_to_union(config, &mut found);
    found
}

fn numbers(config: &TenantConfig, found: &mut Vec<Problem>) {
    let (rules, console) = (&config.sign_in, &config.console);
    for (path, value) in [
        ("sign_in.lock_after", Some(rules.lock_after)),
        ("sign_in.idle_minutes", Some(rules.idle_minutes)),
        ("sign_in.session_hours", Some(rules.session_hours)),
        ("sign_in.totp_window", Some(rules.totp_window)),
        ("sign_in.remember_days", rules.remember_days),
        ("after_loss.years", Some(config.after_loss.years)),
        ("password.min_length", Some(config.password.min_length)),
        ("password.max_age_years", config.password.max_age_years),
        ("user_id.min_length", Some(config.user_id.min_length)),
        ("console.password_min_length", Some(console.password_min_length)),
        ("console.idle_minutes", Some(console.idle_minutes)),
        ("console.session_hours", Some(console.session_hours)),
    ] {
        if let (Some(value), Some((least, most))) = (value, limits::numbers(path))
            && !(least..=most).contains(&value)
        {
            found.push(problem(path, format!("{value} は範囲外です（{least}〜{most}）"), None));
        }
    }
    for problem in found.iter_mut().filter(|one| one.path == "password.max_age_years") {
        let remedy = "期限なしにするには、この行を消してください";
        problem.suggestion = Some(remedy.to_owned());
    }
}

fn texts(config: &TenantConfig, found: &mut Vec<Problem>) {
    let contact = &config.contact;
    for (path, text) in [
        ("contact.text", Some(&contact.text)),
        ("contact.mail", contact.mail.as_ref()),
        ("contact.phone", contact.phone.as_ref()),
        ("contact.hours", contact.hours.as_ref()),
        ("contact.subject", contact.subject.as_ref()),
        ("contact.note", contact.note.as_ref()),
    ] {
        let length = text.map_or(0, |text| text.chars().count());
        if let Some(longest) = limits::longest(path).filter(|longest| length > *longest) {
            let message = format!("{length} 文字あります（{longest} 文字まで）");
            found.push(problem(path, message, None));
        }
    }
}

/// The operator can open only settings that a union's staff may change at all.
fn open_to_union(config: &TenantConfig, found: &mut Vec<Problem>) {
    let open = &config.console.open_to_union;
    for (i, path) in open.iter().enumerate() {
        let place = format!("console.open_to_union.{i}");
        if opened::setting(path).is_none() {
            let known: Vec<_> = opened::SETTINGS.iter().map(|setting| setting.path).collect();
            let known = format!("使えるもの: {}", known.join(", "));
            found.push(problem(&place, format!("「{path}」は組合に開けません"), Some(known)));
        } else if open[..i].contains(path) {
            found.push(problem(&place, "同じ設定が2度出てきます".to_owned(), None));
        }
    }
}

fn problem(path: &str, message: String, suggestion: Option<String>) -> Problem {
    Problem { line: None, path: path.to_owned(), message, suggestion }
}
