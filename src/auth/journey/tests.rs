//! Every combination of facts, for each of the unions that ship.

use super::*;
use crate::tenant::file;

const UNIONS: [(&str, &str); 5] = [
    ("jomkenpo", include_str!("../../../tenants/jomkenpo.toml")),
    ("jrckenpo", include_str!("../../../tenants/jrckenpo.toml")),
    ("kddikenpo", include_str!("../../../tenants/kddikenpo.toml")),
    ("klinekenpo", include_str!("../../../tenants/klinekenpo.toml")),
    ("nideckenpo", include_str!("../../../tenants/nideckenpo.toml")),
];

fn union(slug: &str) -> TenantConfig {
    let (_, text) = UNIONS.iter().find(|(name, _)| *name == slug).unwrap();
    file::parse(text).unwrap()
}

const NOTHING: Facts = Facts {
    birthdate: false,
    terms: false,
    address: Address::None,
    user_id: false,
    own_password: false,
    password_expired: false,
    first_session: false,
    method: None,
    set_up: false,
    owes_address: false,
    second_factor: false,
};

const REGISTERED: Facts = Facts {
    birthdate: true,
    terms: true,
    address: Address::Confirmed,
    user_id: true,
    own_password: true,
    ..NOTHING
};

/// All 2^9 × 3 × 4 of them.
fn every_combination() -> impl Iterator<Item = Facts> {
    let addresses = [Address::None, Address::Asked, Address::Confirmed];
    let methods = [
        None,
        Some(SecondFactor::Passkey),
        Some(SecondFactor::Totp),
        Some(SecondFactor::EmailCode),
    ];
    (0..1 << 9).flat_map(move |bits: u32| {
        addresses.into_iter().flat_map(move |address| {
            methods.into_iter().map(move |method| {
                let bit = |place: u32| bits & (1 << place) != 0;
                Facts {
                    birthdate: bit(0),
                    terms: bit(1),
                    address,
                    user_id: bit(2),
                    own_password: bit(3),
                    password_expired: bit(4),
                    first_session: bit(5),
                    method,
                    set_up: bit(6),
                    second_factor: bit(7),
                    owes_address: bit(8),
                }
            })
        })
    })
}

/// A line of the table: what a step rests on. The first line that holds names the step.
type Line = (Step, fn(&TenantConfig, &Facts) -> bool);

fn steps(policy: &TenantConfig) -> bool {
    policy.first_sign_in.flow == FirstSignInFlow::Steps
}

fn owes_factor(policy: &TenantConfig, facts: &Facts) -> bool {
    !policy.sign_in.second_factors.is_empty() && !facts.second_factor
}

fn uses(policy: &TenantConfig, facts: &Facts, method: SecondFactor) -> bool {
    owes_factor(policy, facts)
        && policy.sign_in.second_factors.contains(&method)
        && facts.method == Some(method)
}

/// Returns true if a device has to be set up anew after a reset (R4).
fn sets_up_anew(policy: &TenantConfig, facts: &Facts) -> bool {
    let device = [SecondFactor::Passkey, SecondFactor::Totp].map(|one| uses(policy, facts, one));
    facts.owes_address && !facts.set_up && device.contains(&true)
}

const TABLE: [Line; 18] = [
    (Step::Birthdate, |p, f| !f.own_password && steps(p) && !f.birthdate),
    (Step::Identity, |p, f| !f.own_password && !steps(p) && !f.birthdate),
    (Step::Terms, |_, f| !f.own_password && !f.terms),
    (Step::Details, |p, f| !f.own_password && !steps(p)),
    (Step::Address, |_, f| !f.own_password && f.address == Address::None),
    (Step::AddressConfirmation, |_, f| !f.own_password && f.address == Address::Asked),
    (Step::UserId, |_, f| !f.own_password && !f.user_id),
    (Step::OwnPassword, |_, f| !f.own_password),
    (Step::SignOut, |p, f| owes_factor(p, f) && p.slug.as_str() == "jomkenpo" && f.first_session),
    (Step::EmailCode, sets_up_anew),
    (Step::Passkey, |p, f| uses(p, f, SecondFactor::Passkey) && f.set_up),
    (Step::PasskeySetUp, |p, f| uses(p, f, SecondFactor::Passkey)),
    (Step::Totp, |p, f| uses(p, f, SecondFactor::Totp) && f.set_up),
    (Step::TotpSetUp, |p, f| uses(p, f, SecondFactor::Totp)),
    (Step::EmailCode, owes_factor),
    (Step::NewPassword, |_, f| f.password_expired),
    (Step::Terms, |_, f| !f.terms),
    (Step::Complete, |_, _| true),
];

#[test]
fn every_combination_of_facts_has_its_step_in_every_union() {
    let mut seen = Vec::new();
    for (slug, _) in UNIONS {
        let policy = union(slug);
        for facts in every_combination() {
            let due = TABLE.iter().find(|(_, rests_on)| rests_on(&policy, &facts)).unwrap().0;
            assert_eq!(next(&policy, facts), due, "{slug}: {facts:?}");
            if !seen.contains(&due) {
                seen.push(due);
            }
        }
    }
    assert_eq!(seen.len(), 16, "every step is due to somebody: {seen:?}");
}

/// Walks on from step to step, each doing what its page does, until the portal is open.
fn walk(slug: &str, chosen: SecondFactor) -> Vec<Step> {
    let (policy, mut facts, mut walked) = (union(slug), NOTHING, Vec::new());
    loop {
        let step = next(&policy, facts);
        walked.push(step);
        match step {
            Step::Birthdate => facts.birthdate = true,
            Step::Terms => facts.terms = true,
            Step::Identity => (facts.birthdate, facts.terms) = (true, true),
            Step::Address => facts.address = Address::Asked,
            Step::AddressConfirmation => facts.address = Address::Confirmed,
            Step::UserId => (facts.user_id, facts.method) = (true, Some(chosen)),
            Step::OwnPassword | Step::Details => {
                (facts.own_password, facts.first_session) = (true, true);
            }
            Step::SignOut => facts.first_session = false,
            Step::PasskeySetUp | Step::TotpSetUp => {
                (facts.set_up, facts.second_factor) = (true, true);
            }
            Step::Passkey | Step::Totp | Step::EmailCode => facts.second_factor = true,
            Step::NewPassword => facts.password_expired = false,
            Step::Complete => return walked,
        }
        assert!(walked.len() < 20, "{slug} never arrives: {walked:?}");
    }
}

#[test]
fn f2_to_f10_g1_to_g4_each_union_goes_its_own_way() {
    use Step::{
        Address as Mail, AddressConfirmation, Birthdate, Complete, Details, EmailCode, Identity,
        OwnPassword, PasskeySetUp, SignOut, Terms, TotpSetUp, UserId,
    };
    let until_password = [Birthdate, Terms, Mail, AddressConfirmation, UserId, OwnPassword];
    let then = |rest: &[Step]| [&until_password[..], rest].concat();
    for (slug, chosen, way) in [
        ("kddikenpo", SecondFactor::EmailCode, then(&[EmailCode, Complete])),
        ("klinekenpo", SecondFactor::EmailCode, then(&[EmailCode, Complete])),
        ("klinekenpo", SecondFactor::Totp, then(&[TotpSetUp, Complete])),
        ("nideckenpo", SecondFactor::Passkey, then(&[PasskeySetUp, Complete])),
        ("jomkenpo", SecondFactor::Passkey, then(&[SignOut, PasskeySetUp, Complete])),
        ("jomkenpo", SecondFactor::EmailCode, then(&[SignOut, EmailCode, Complete])),
        // T4: not jomkenpo's to choose, so that a mail comes instead.
        ("jomkenpo", SecondFactor::Totp, then(&[SignOut, EmailCode, Complete])),
        ("jrckenpo", SecondFactor::EmailCode, vec![Identity, Details, Complete]),
    ] {
        assert_eq!(walk(slug, chosen), way, "{slug} {chosen:?}");
    }
}

#[test]
fn l8_g5_updated_terms_and_an_old_password_come_after_the_second_factor() {
    let facts = Facts { terms: false, password_expired: true, ..REGISTERED };
    let kline = union("klinekenpo");
    assert_eq!(next(&kline, facts), Step::EmailCode);
    let proved = Facts { second_factor: true, ..facts };
    assert_eq!(next(&kline, proved), Step::NewPassword);
    assert_eq!(next(&kline, Facts { password_expired: false, ..proved }), Step::Terms);
    assert_eq!(next(&union("jrckenpo"), facts), Step::NewPassword);
}

#[test]
fn progress_counts_the_steps_of_the_first_sign_in_alone() {
    let kline = union("klinekenpo");
    let facts = Facts { birthdate: true, terms: true, ..NOTHING };
    assert_eq!(progress(&kline, facts, Step::Address), Some(Progress { step: 3, of: 6 }));
    let jrc = union("jrckenpo");
    assert_eq!(progress(&jrc, NOTHING, Step::Identity), Some(Progress { step: 1, of: 3 }));
    for step in [Step::EmailCode, Step::Terms, Step::NewPassword, Step::Complete] {
        assert_eq!(progress(&kline, REGISTERED, step), None, "{step:?}");
        assert_eq!(progress(&jrc, REGISTERED, step), None, "{step:?}");
    }
    for slug in ["kddikenpo", "klinekenpo", "nideckenpo", "jomkenpo"] {
        for chosen in union(slug).sign_in.second_factors {
            let steps = walk(slug, chosen).into_iter().filter(|step| *step != Step::Complete);
            let mut last = 0;
            for step in steps {
                let facts =
                    if last < 5 { NOTHING } else { Facts { first_session: true, ..REGISTERED } };
                let Some(now) = progress(&union(slug), facts, step) else { continue };
                assert!((last..=last + 1).contains(&now.step) && now.of == 6, "{slug} {step:?}");
                last = now.step;
            }
            assert_eq!(last, 6, "{slug}");
        }
    }
}
