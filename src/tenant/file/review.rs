//! Rules across several of a union's settings.

use std::collections::HashSet;

use chrono::NaiveTime;
use serde_json::Value;

use crate::base::email::EmailAddress;
use crate::base::japanese::{shows_nothing, unshowable};

use super::problem::Problem;
use crate::tenant::maintenance::Recurring;
use crate::tenant::policy::brand::Colour;
use crate::tenant::policy::contact::can_be_dialled;
use crate::tenant::policy::formula::FormulaPerson;
use crate::tenant::policy::{
    CharacterClass, FirstSignInFlow, FormulaRule, SecondFactor, TenantConfig,
};

/// The minimum of WCAG 2.2 1.4.3 for text of ordinary size.
const LEAST_CONTRAST: f64 = 4.5;

/// A contradiction, with the other settings that it rests on.
pub(super) struct Finding {
    /// The mistake, still without its line.
    pub(super) problem: Problem,
    pub(super) rests_on: &'static [&'static str],
}

/// Returns all contradictions.
pub(super) fn review(config: &TenantConfig) -> Vec<Finding> {
    let mut found = Findings(Vec::new());
    names(config, &mut found);
    sign_in(config, &mut found);
    lengths(config, &mut found);
    symbols("password.symbols", &config.password.symbols, &mut found);
    symbols("user_id.symbols", &config.user_id.symbols, &mut found);
    first_sign_in(config, &mut found);
    dates(config, &mut found);
    services(config, &mut found);
    found.0
}

struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, wrong: bool, path: &str, message: impl Into<String>, suggestion: &str) {
        self.add_with(&[], wrong, path, message, suggestion);
    }

    fn add_with(
        &mut self,
        rests_on: &'static [&'static str],
        wrong: bool,
        path: &str,
        message: impl Into<String>,
        suggestion: &str,
    ) {
        if wrong {
            let problem = Problem {
                line: None,
                path: path.to_owned(),
                message: message.into(),
                suggestion: (!suggestion.is_empty()).then(|| suggestion.to_owned()),
            };
            self.0.push(Finding { problem, rests_on });
        }
    }
}

fn hosts(config: &TenantConfig, found: &mut Findings) {
    let aliases = &config.hosts.aliases;
    let distinct: HashSet<_> = aliases.iter().chain([&config.hosts.canonical]).collect();
    found.add_with(
        &["hosts.canonical"],
        distinct.len() != aliases.len() + 1,
        "hosts.aliases",
        "同じホスト名が2度出てきます",
        "canonicalと重ならないようにしてください",
    );
    let console = config.hosts.console_label(&config.slug);
    found.add_with(
        &["slug", "hosts.canonical", "hosts.aliases"],
        distinct.iter().any(|label| label.as_str() == console),
        "hosts.console",
        format!("加入者のホスト名「{console}」と重なります"),
        "職員が使う画面には、別のホスト名を書いてください",
    );
    found.add_with(
        &["slug"],
        config.hosts.lacks_console_label(&config.slug),
        "hosts.console",
        "slugが長いため、職員が使う画面のホスト名を省けません",
        "例: console = \"kenpo-console\"",
    );
}

fn names(config: &TenantConfig, found: &mut Findings) {
    for (path, text) in [
        ("name", &config.name),
        ("short_name", &config.short_name),
        ("brand.logo_text", &config.brand.logo_text),
        ("contact.text", &config.contact.text),
    ] {
        found.add(shows_nothing(text), path, "空にはできません", "");
    }
    let json = serde_json::to_value(config).unwrap_or_default();
    control_characters("", &json, found);
    let mail = config.contact.mail.as_deref();
    found.add(
        mail.is_some_and(|mail| EmailAddress::parse(mail).is_none()),
        "contact.mail",
        "メールアドレスではありません",
        "例: kenpo@example.jp",
    );
    let form = config.contact.form_url.as_deref();
    found.add(
        form.is_some_and(|url| !url.starts_with("https://")),
        "contact.form_url",
        "https:// で始まるアドレスにしてください",
        "",
    );
    let phone = config.contact.phone.as_deref();
    found.add(
        phone.is_some_and(|number| !can_be_dialled(number)),
        "contact.phone",
        "電話番号ではありません",
        "例: 03-0000-0000",
    );
    found.add_with(
        &["contact.phone"],
        config.contact.hours.is_some() && phone.is_none(),
        "contact.hours",
        "電話番号がありません",
        "contact.phone に電話番号を書いてください",
    );
    hosts(config, found);
    let contrast = config.brand.accent.contrast(Colour::WHITE);
    found.add(
        contrast < LEAST_CONTRAST,
        "brand.accent",
        format!("白い文字とのコントラスト比が {contrast:.2} しかありません（{LEAST_CONTRAST} 以上が必要）"),
        "もっと濃い色にしてください",
    );
}

/// Only the contact's texts may have line breaks. Other invisible characters are refused
/// everywhere.
fn control_characters(path: &str, value: &Value, found: &mut Findings) {
    let join = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::String(text) => {
            let lines = path.starts_with("contact.");
            let control = text.chars().any(|c| c.is_control() && !(lines && c == '\n'));
            let wrong = control || unshowable(text).is_some();
            found.add(wrong, path, "制御文字や見えない文字は使えません", "");
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(i, item)| control_characters(&join(&i.to_string()), item, found)),
        Value::Object(map) => {
            map.iter().for_each(|(key, item)| control_characters(&join(key), item, found));
        }
        _ => {}
    }
}

fn sign_in(config: &TenantConfig, found: &mut Findings) {
    let rules = &config.sign_in;
    found.add_with(
        &["sign_in.second_factors"],
        rules.recommended.is_some_and(|factor| !rules.second_factors.contains(&factor)),
        "sign_in.recommended",
        "second_factors にない認証方法です",
        "second_factors に加えるか、消してください",
    );
    found.add_with(
        &["sign_in.second_factors"],
        rules.passkey_alone && !rules.second_factors.contains(&SecondFactor::Passkey),
        "sign_in.passkey_alone",
        "second_factors に passkey がありません",
        "second_factors に加えるか、false にしてください",
    );
    found.add_with(
        &["sign_in.second_factors", "sign_in.remember_days"],
        rules.remember_asks_second_factor
            && (rules.second_factors.is_empty() || rules.remember_days.is_none()),
        "sign_in.remember_asks_second_factor",
        "ログイン状態の保存か二要素認証がありません",
        "remember_days と second_factors を加えるか、false にしてください",
    );
    // The mailed code is the last resort of people who lost their method: nobody may be left
    // without a way in.
    found.add(
        !rules.second_factors.is_empty()
            && !rules.second_factors.contains(&SecondFactor::EmailCode),
        "sign_in.second_factors",
        "email_code がありません（ほかの認証方法が使えなくなった人の最後の手段です）",
        "email_code を加えるか、パスワードのみなら空にしてください",
    );
    let mut factors = rules.second_factors.iter().enumerate();
    found.add(
        factors.any(|(i, factor)| rules.second_factors[..i].contains(factor)),
        "sign_in.second_factors",
        "同じ認証方法が2度出てきます",
        "",
    );
    for (path, value, least, most) in [
        ("sign_in.lock_after", rules.lock_after, 3, 100),
        ("sign_in.idle_minutes", rules.idle_minutes, 5, 24 * 60),
        ("sign_in.session_hours", rules.session_hours, 1, 72),
        ("sign_in.totp_window", rules.totp_window, 0, 2),
        ("sign_in.remember_days", rules.remember_days.unwrap_or(1), 1, 365),
        ("after_loss.years", config.after_loss.years, 0, 10),
        ("console.password_min_length", config.console.password_min_length, 12, 64),
        ("console.idle_minutes", config.console.idle_minutes, 5, 60),
        ("console.session_hours", config.console.session_hours, 1, 12),
    ] {
        let message = format!("{value} は範囲外です（{least}〜{most}）");
        found.add(!(least..=most).contains(&value), path, message, "");
    }
}

fn lengths(config: &TenantConfig, found: &mut Findings) {
    let (password, user_id) = (&config.password, &config.user_id);
    let ranges: [(&'static [&'static str], _, _, _, _); 4] = [
        (&[], "password.min_length", password.min_length, 8, 64),
        (
            &["password.min_length"],
            "password.max_length",
            password.max_length,
            password.min_length.max(16),
            256,
        ),
        (&[], "user_id.min_length", user_id.min_length, 3, 64),
        (
            &["user_id.min_length"],
            "user_id.max_length",
            user_id.max_length,
            user_id.min_length,
            255,
        ),
    ];
    for (rests_on, path, length, least, most) in ranges {
        let message = format!("{length} は範囲外です（{least}〜{most}）");
        found.add_with(rests_on, !(least..=most).contains(&length), path, message, "");
    }
    found.add_with(
        &["password.symbols"],
        password.require.contains(&CharacterClass::Symbol) && password.symbols.is_empty(),
        "password.require",
        "記号を必須にするには、symbols に使える記号が必要です",
        "",
    );
    found.add(
        password.max_age_years == Some(0),
        "password.max_age_years",
        "1以上にしてください",
        "期限なしにするには、この行を消してください",
    );
}

fn symbols(path: &str, symbols: &str, found: &mut Findings) {
    for symbol in symbols.chars().filter(|c| !c.is_ascii_punctuation()) {
        found.add(true, path, format!("「{symbol}」は半角の記号ではありません"), "");
    }
    let distinct: HashSet<_> = symbols.chars().collect();
    found.add(distinct.len() != symbols.chars().count(), path, "同じ記号が2度出てきます", "");
}

fn first_sign_in(config: &TenantConfig, found: &mut Findings) {
    let rules = &config.first_sign_in;
    found.add_with(
        &["first_sign_in.formula", "first_sign_in.letter"],
        rules.formula.is_none() && rules.letter.is_none(),
        "first_sign_in",
        "最初のログインの方法がありません",
        "formula か letter を書いてください",
    );
    found.add_with(
        &["first_sign_in.flow"],
        rules.flow == FirstSignInFlow::SingleForm && rules.sign_out_before_set_up,
        "first_sign_in.sign_out_before_set_up",
        "single_form では使えません",
        "false にしてください",
    );
    found.add(
        rules.letter.as_ref().is_some_and(|letter| letter.delivered_by.is_empty()),
        "first_sign_in.letter.delivered_by",
        "届け方がありません",
        "post か employer を書いてください",
    );
    if let Some(rule) = &rules.formula {
        formula(rule, found);
    }
}

/// A wrong formula has to be found here, not at a person's sign-in.
fn formula(rule: &FormulaRule, found: &mut Findings) {
    let example = &rule.example;
    let password = rule.template.password(FormulaPerson {
        symbol: &example.symbol,
        number: &example.number,
        branch: &example.branch,
        birthdate: example.birthdate,
    });
    found.add_with(
        &["first_sign_in.formula.template", "first_sign_in.formula.example"],
        password != example.password,
        "first_sign_in.formula.example.password",
        format!("template からは「{password}」になります"),
        "template と例のどちらが正しいか確かめてください",
    );
    found.add(
        !rule.template.tells_people_apart(),
        "first_sign_in.formula.template",
        "家族全員が同じパスワードになります",
        "{birthdate:YYYYMMDD} を加えてください",
    );
    found.add_with(
        &["first_sign_in.formula.valid_from"],
        rule.valid_until.is_some_and(|until| until < rule.valid_from),
        "first_sign_in.formula.valid_until",
        "valid_from より前です",
        "",
    );
}

fn dates(config: &TenantConfig, found: &mut Findings) {
    if let Some(dates) = &config.service_dates {
        found.add_with(
            &["service_dates.opens"],
            dates.old_site_closes.is_some_and(|closes| closes < dates.opens),
            "service_dates.old_site_closes",
            "opens より前です",
            "",
        );
    }
    if let Some(window) = &config.maintenance {
        let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").ok();
        let (from, until) = (time(&window.from), time(&window.until));
        found.add(from.is_none(), "maintenance.from", "時刻ではありません", "例: 19:00");
        found.add(until.is_none(), "maintenance.until", "時刻ではありません", "例: 22:00");
        let backwards = from.zip(until).is_some_and(|(from, until)| until <= from);
        found.add_with(
            &["maintenance.from"],
            backwards,
            "maintenance.until",
            "from より後にしてください",
            "",
        );
        found.add_with(
            &["maintenance.from", "maintenance.until"],
            from.is_some() && until.is_some() && Recurring::of(window).is_err(),
            "maintenance.rule",
            "繰り返しの規則（RFC 5545）ではありません",
            "例: FREQ=MONTHLY;BYDAY=3TH",
        );
    }
}

fn services(config: &TenantConfig, found: &mut Findings) {
    found.add(config.services.is_empty(), "services", "サービスが1つもありません", "");
    for (i, service) in config.services.iter().enumerate() {
        found.add(
            shows_nothing(&service.label),
            &format!("services.{i}.label"),
            "空にはできません",
            "",
        );
        found.add(
            config.services[..i].iter().any(|earlier| earlier.kind == service.kind),
            &format!("services.{i}.kind"),
            "同じサービスが2度出てきます",
            "",
        );
    }
}
