//! The rules that count the people for whom a setting changes something, signed in or not.

use chrono::{DateTime, NaiveDate, Utc};

use super::people::MemberFacts;
use super::rule::TouchRule;
use crate::auth::credentials::first::InitialCredential;
use crate::tenant::policy::{PasswordRules, SecondFactor, TenantConfig, UpdateMail, UserIdRules};

fn rule<'r>(
    setting: &'static str,
    whom: impl Into<String>,
    touches: impl Fn(&MemberFacts) -> bool + Send + Sync + 'r,
) -> TouchRule<'r, MemberFacts> {
    TouchRule { setting, whom: whom.into(), touches: Box::new(touches) }
}

/// Returns the settings that differ between two policies, and the people whom each touches.
pub(super) fn of<'r>(
    before: &'r TenantConfig,
    after: &'r TenantConfig,
    today: NaiveDate,
    now: DateTime<Utc>,
) -> Vec<TouchRule<'r, MemberFacts>> {
    let mut rules = Vec::new();
    second_factors(before, after, &mut rules);
    tries_and_codes(before, after, &mut rules);
    passwords(before, after, now, &mut rules);
    user_ids(before, after, &mut rules);
    first_sign_in(before, after, today, &mut rules);
    end_of_use(before, after, today, &mut rules);
    mails(before, after, &mut rules);
    pages(before, after, today, &mut rules);
    rules
}

fn second_factors<'r>(
    before: &'r TenantConfig,
    after: &'r TenantConfig,
    rules: &mut Vec<TouchRule<'r, MemberFacts>>,
) {
    const SETTING: &str = "sign_in.second_factors";
    let (old, new) = (&before.sign_in.second_factors, &after.sign_in.second_factors);
    let registered = |person: &MemberFacts| person.registered;
    match (old.is_empty(), new.is_empty()) {
        (true, false) => {
            rules.push(rule(SETTING, "二要素認証を求められるようになる人", registered));
        }
        (false, true) => {
            rules.push(rule(SETTING, "二要素認証を求められなくなる人", registered));
        }
        _ => {}
    }
    if old.is_empty() || new.is_empty() {
        return;
    }
    let chosen = |factor| {
        move |person: &MemberFacts| person.registered && person.second_factor == Some(factor)
    };
    for factor in old.iter().filter(|factor| !new.contains(factor)) {
        let whom = format!("{}を使えなくなり、メール認証に変わる人", factor.label());
        rules.push(rule(SETTING, whom, chosen(*factor)));
    }
    for factor in new.iter().filter(|factor| !old.contains(factor)) {
        let whom = format!("前に選んだ{}に戻る人", factor.label());
        rules.push(rule(SETTING, whom, chosen(*factor)));
    }
}

fn tries_and_codes<'r>(
    before: &'r TenantConfig,
    after: &'r TenantConfig,
    rules: &mut Vec<TouchRule<'r, MemberFacts>>,
) {
    let (old, new) = (&before.sign_in, &after.sign_in);
    if old.lock_after != new.lock_after {
        let has = |person: &MemberFacts, least: u16| {
            person.has_login() && i32::from(person.password_failures) >= i32::from(least)
        };
        let touches = move |person: &MemberFacts| {
            !person.locked && has(person, new.lock_after) && !has(person, old.lock_after)
        };
        rules.push(rule(
            "sign_in.lock_after",
            "これまでの誤りの数だけで、次のログインの際にロックされる人",
            touches,
        ));
    }
    if old.totp_window != new.totp_window {
        let uses = |person: &MemberFacts| {
            person.registered && person.apps && person.second_factor == Some(SecondFactor::Totp)
        };
        rules.push(rule("sign_in.totp_window", "アプリの確認コードの猶予が変わる人", uses));
    }
    if old.offers_recovery_codes() != new.offers_recovery_codes() {
        rules.push(match new.offers_recovery_codes() {
            true => rule(
                "sign_in.recovery_codes",
                "リカバリーコードを作れるようになる人",
                |person: &MemberFacts| person.registered,
            ),
            false => rule(
                "sign_in.recovery_codes",
                "手もとのリカバリーコードを使えなくなる人",
                |person: &MemberFacts| person.registered && person.codes,
            ),
        });
    }
    if old.passkey_alone != new.passkey_alone {
        let word =
            if new.passkey_alone { "できるようになる" } else { "できなくなる" };
        rules.push(rule(
            "sign_in.passkey_alone",
            format!("パスキーだけでログイン{word}人"),
            |person: &MemberFacts| person.registered && person.passkeys,
        ));
    }
    if before.lost_device != after.lost_device {
        rules.push(rule(
            "lost_device.reset_by",
            "端末をなくしたときの手続きが変わる人（認証アプリかパスキーのある人）",
            |person: &MemberFacts| person.registered && (person.apps || person.passkeys),
        ));
    }
}

fn passwords<'r>(
    before: &'r TenantConfig,
    after: &'r TenantConfig,
    now: DateTime<Utc>,
    rules: &mut Vec<TouchRule<'r, MemberFacts>>,
) {
    let (old, new) = (&before.password, &after.password);
    if old.max_age_years != new.max_age_years {
        const SETTING: &str = "password.max_age_years";
        rules.push(rule(
            SETTING,
            "新しいパスワードを求められるようになる人",
            move |person| person.password_is_old(new, now) && !person.password_is_old(old, now),
        ));
        rules.push(rule(
            SETTING,
            "新しいパスワードを求められなくなる人",
            move |person| person.password_is_old(old, now) && !person.password_is_old(new, now),
        ));
    }
    let aged_as_before = PasswordRules { max_age_years: old.max_age_years, ..new.clone() };
    if aged_as_before != *old {
        rules.push(rule(
            "password",
            "新しい規則でパスワードを選ぶ、初回登録前の人（登録済みの人の今のパスワードは、そのまま使えます）",
            MemberFacts::is_newcomer,
        ));
    }
}

fn user_ids<'r>(
    before: &'r TenantConfig,
    after: &'r TenantConfig,
    rules: &mut Vec<TouchRule<'r, MemberFacts>>,
) {
    let (old, new) = (&before.user_id, &after.user_id);
    if old.changeable != new.changeable {
        let word = if new.changeable {
            "変更できるようになる"
        } else {
            "変更できなくなる"
        };
        rules.push(rule("user_id.changeable", format!("ユーザIDを{word}人"), |person| {
            person.registered
        }));
    }
    let changeable_as_before = UserIdRules { changeable: old.changeable, ..new.clone() };
    if changeable_as_before != *old {
        rules.push(rule(
            "user_id",
            "今のユーザIDが新しい規則に合わなくなる人（今のIDは、そのまま使えます）",
            move |person| {
                person.registered && person.may_choose_own_id(old) && !person.may_choose_own_id(new)
            },
        ));
    }
}

fn first_sign_in<'r>(
    before: &'r TenantConfig,
    after: &'r TenantConfig,
    today: NaiveDate,
    rules: &mut Vec<TouchRule<'r, MemberFacts>>,
) {
    let (old, new) = (&before.first_sign_in, &after.first_sign_in);
    if (old.flow, old.sign_out_before_set_up) != (new.flow, new.sign_out_before_set_up) {
        let whom = "初回登録の手順が変わる、登録前の人";
        rules.push(rule("first_sign_in.flow", whom, MemberFacts::is_newcomer));
    }
    for (setting, credential, name, changed) in [
        (
            "first_sign_in.formula",
            InitialCredential::Formula,
            "計算式のパスワード",
            old.formula != new.formula,
        ),
        (
            "first_sign_in.letter",
            InitialCredential::Letter,
            "仮パスワードの通知",
            old.letter != new.letter,
        ),
    ] {
        if changed {
            rules.push(rule(setting, format!("{name}を使えなくなる人"), move |person| {
                person.has_first(credential)
                    && person.is_let_in(before, today)
                    && !person.is_let_in(after, today)
            }));
            rules.push(rule(
                setting,
                format!("{name}を使えるようになる人"),
                move |person| {
                    person.has_first(credential)
                        && !person.is_let_in(before, today)
                        && person.is_let_in(after, today)
                },
            ));
        }
    }
    if let (Some(old), Some(new)) = (&old.formula, &new.formula)
        && (&old.template, old.numbers_as_of) != (&new.template, new.numbers_as_of)
    {
        rules.push(rule(
            "first_sign_in.formula",
            "初回登録前で、パスワードが新しい計算式によるものになる人",
            |person| person.has_first(InitialCredential::Formula),
        ));
    }
}

fn end_of_use<'r>(
    before: &'r TenantConfig,
    after: &'r TenantConfig,
    today: NaiveDate,
    rules: &mut Vec<TouchRule<'r, MemberFacts>>,
) {
    if before.after_loss != after.after_loss {
        const SETTING: &str = "after_loss.years";
        rules.push(rule(SETTING, "資格喪失後の利用が終わる人", move |person| {
            person.is_over(after, today) && !person.is_over(before, today)
        }));
        rules.push(rule(
            SETTING,
            "資格喪失後の利用をまたできるようになる人",
            move |person| person.is_over(before, today) && !person.is_over(after, today),
        ));
    }
    let opens = |policy: &TenantConfig| policy.service_dates.as_ref().map(|dates| dates.opens);
    let is_shut = |policy| opens(policy).is_some_and(|opens| today < opens);
    if opens(before) != opens(after) && is_shut(before) != is_shut(after) {
        let whom = match is_shut(after) {
            true => "サービス開始日まで使えなくなる人",
            false => "すぐに使えるようになる人",
        };
        rules.push(rule("service_dates.opens", whom, MemberFacts::has_login));
    }
    let known = |policy: &TenantConfig, number: &str| {
        let numbers = &policy.insurer_numbers;
        numbers.is_empty() || numbers.iter().any(|known| known.as_str() == number)
    };
    if before.insurer_numbers != after.insurer_numbers {
        rules.push(rule(
            "insurer_numbers",
            "保険者番号が一覧から外れる人（次の取り込みで誤りになります）",
            move |person: &MemberFacts| {
                known(before, &person.insurer_number) && !known(after, &person.insurer_number)
            },
        ));
    }
}

fn mails<'r>(
    before: &'r TenantConfig,
    after: &'r TenantConfig,
    rules: &mut Vec<TouchRule<'r, MemberFacts>>,
) {
    let sends = |policy: &TenantConfig| policy.update_mails.contains(&UpdateMail::Expenses);
    if sends(before) != sends(after) {
        let word = if sends(after) { "届くようになる" } else { "届かなくなる" };
        rules.push(rule(
            "update_mails",
            format!("医療費のお知らせメールが{word}人"),
            |person: &MemberFacts| person.registered && person.address && !person.refuses_mail,
        ));
    }
}

/// Settings that everybody sees, and that change nobody's sign-in.
fn pages<'r>(
    before: &'r TenantConfig,
    after: &'r TenantConfig,
    today: NaiveDate,
    rules: &mut Vec<TouchRule<'r, MemberFacts>>,
) {
    let looks = "画面の表示が変わる人（ログインには影響しません）";
    for (setting, changed) in [
        ("name", before.name != after.name),
        ("short_name", before.short_name != after.short_name),
        ("brand", before.brand != after.brand),
        ("contact", before.contact != after.contact),
        ("services", before.services != after.services),
    ] {
        if changed {
            rules.push(rule(setting, looks, move |person| {
                person.has_login() && !person.is_over(after, today)
            }));
        }
    }
    if before.maintenance != after.maintenance {
        rules.push(rule("maintenance", "使えない時間帯が変わる人", move |person| {
            person.has_login() && !person.is_over(after, today)
        }));
    }
    if before.hosts.canonical != after.hosts.canonical {
        rules.push(rule(
            "hosts.canonical",
            "ホスト名が変わり、パスキーを登録し直す人",
            |person: &MemberFacts| person.registered && person.passkeys,
        ));
    }
}
